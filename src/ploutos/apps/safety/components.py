"""The one gate between the text of a config and Python objects."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hydra.utils import execution_whitelist, instantiate
from omegaconf import Container, DictConfig, ListConfig, Node
from omegaconf.errors import (
    InterpolationKeyError,
    InterpolationResolutionError,
    InterpolationToMissingValueError,
)

from ploutos.apps.safety.contracts import located, require_fit
from ploutos.apps.safety.places import Place, canonical, components, shipped
from ploutos.apps.safety.resolvers import of_resolver
from ploutos.apps.safety.uris import refuse_credentials
from ploutos.panel.sources import trusted_packages
from ploutos.types import ConfigError, nearest

PLAIN = (str, int, float, bool, type(None))
REFUSED = ("_args_", "_execution_whitelist_", "_recursive_", "_isolate_")  # no shipped component needs them


@dataclass(frozen=True)
class Named:
    """A component that a config names, and where."""

    place: Place
    key: str
    target: str
    owned: bool  # below a component of the user's own


def build(config: DictConfig, *, at: str = "", **arguments: Any) -> Any:
    """Instantiate one node: nothing in it but components, each at a place of its group.

    `at` is the place of a node that is not part of a whole config; `arguments` are handed to its constructor.

    Raises
    ------
    ConfigError
        It names something else.
    """
    names = check(config, at=at)
    with execution_whitelist(names, reset=True):
        return instantiate(config, **arguments)


def check_all(config: DictConfig) -> None:
    """Refuse a config that names anything but components in their places, before any of them is made."""
    for name in config:
        if name != "hydra":
            for named in _walk(_child(config, name), (str(name),), str(name), False, ()):
                _admit(named)


def check(config: DictConfig, *, at: str = "") -> tuple[str, ...]:
    """Return the targets of a node; refuses what is no component of its place's group."""
    key = at or str(config._get_full_key(None))
    place = tuple(key.replace("[", ".").replace("]", "").split(".")) if key else ()
    found = []
    for named in _walk(config, place, key, False, ()):
        _admit(named)
        found.append(named.target)
    return tuple(dict.fromkeys(found))


def _admit(named: Named) -> None:
    place, target, key = canonical(named.place), named.target, named.key
    allowed = shipped().get(place, frozenset())
    if target in allowed:
        return
    packages = trusted_packages()
    own = target.partition(".")[0] in packages
    if named.owned and not allowed:
        # What a user's own component is made of: its own parts, and shipped components.
        if target in components():
            return
        if own:
            located(target, packages, key)
            return
    if own and allowed:
        require_fit(located(target, packages, key), place, target, key)
        return
    if not allowed:
        raise ConfigError(f"{key}._target_: '{target}' is not allowed: no component stands at '{key}'")
    raise ConfigError(
        f"{key}._target_: '{target}' is not allowed; nearest component of '{'.'.join(place)}':"
        f" '{nearest(target, allowed)}'; classes of one's own need PLOUTOS_TRUST"
    )


def _walk(node: Node, place: Place, key: str, owned: bool, above: tuple[int, ...]) -> Iterator[Named]:
    """Yield the components below `node`; refuses values that are not plain, and nodes inside themselves."""
    if node._is_interpolation():
        found = _followed(node, key)
        if found is None:
            return
        node = found
    if not isinstance(node, Container):
        value = node._value()
        if not isinstance(value, PLAIN):
            raise ConfigError(f"{key}: a {type(value).__name__} is no plain value; write text or a number")
        if isinstance(value, str):
            refuse_credentials(key, value)
        return
    if node._is_none() or node._is_missing():
        return
    if id(node) in above:
        raise ConfigError(f"{key}: holds itself")
    above = (*above, id(node))
    if isinstance(node, ListConfig):
        for index in range(len(node)):
            yield from _walk(_child(node, index), (*place, "*"), f"{key}[{index}]", owned, above)
        return
    assert isinstance(node, DictConfig)
    if "_target_" in node:
        target = _literal(_child(node, "_target_"), key)
        yield Named(place, key, target, owned)
        owned = owned or target.partition(".")[0] in trusted_packages()
    for control in REFUSED:
        if control in node:
            raise ConfigError(f"{key}.{control}: not allowed in a config")
    for name in node:
        if name != "_target_":
            inner = f"{key}.{name!s}" if key else str(name)
            yield from _walk(_child(node, name), (*place, str(name)), inner, owned, above)


def _literal(node: Node, key: str) -> str:
    value: Any = node._value()
    if node._is_interpolation() or not isinstance(value, str):
        raise ConfigError(f"{key}._target_: {value!r} is not allowed: write the name of a component itself")
    return value


def _child(node: Any, key: Any) -> Node:
    child = node._get_node(key)
    assert isinstance(child, Node)
    return child


def _followed(node: Node, key: str) -> Node | None:
    """Return what a reference points to; None where that has no value yet, which resolving refuses."""
    try:
        found = node._dereference_node()
    except InterpolationKeyError as error:
        error.full_key = key  # two variants that do not go together: whoever tells of it needs the key
        raise
    except InterpolationToMissingValueError:
        return None
    except InterpolationResolutionError as error:
        raise ConfigError(f"{key}: {of_resolver(str(error))}") from error
    assert isinstance(found, Node)
    return found
