"""Sections of a config that an override replaced by a value, or by nothing at all."""

from collections.abc import Iterator

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, ListConfig, OmegaConf

from ploutos.apps.safety.places import shipped
from ploutos.types import ConfigError

MADE_LATER = "ensemble"


def check_sections(config: DictConfig) -> None:
    """Refuse `env.action=discrete`, `baselines=none` and the like: a value where components stand.

    A section that `{}` is given to is refused as well: Hydra merges it, so that nothing changes.
    """
    choices = OmegaConf.select(config, "hydra.runtime.choices") or {}
    for key in [key for key in choices if isinstance(key, str)]:
        group, _, package = key.partition("@")
        if choices[key] is not None and not group.startswith("hydra"):
            _require_section(config, package or group.replace("/", "."), key, str(choices[key]))
    for name in sorted(place[0] for place in shipped() if len(place) == 1):
        node = OmegaConf.select(config, name, throw_on_missing=False)
        if isinstance(node, DictConfig):
            _require_buildable(name, node, str(choices.get(name)))
    for name in _emptied(config):
        node = OmegaConf.select(config, name, throw_on_missing=False)
        if isinstance(node, DictConfig) and len(node):
            parts = " ".join(f"~{name}.{part}" for part in node if isinstance(part, str))
            raise ConfigError(f"{name}: {{}} is merged and changes nothing; leave its parts out with {parts}")


def _require_buildable(name: str, node: DictConfig, chosen: str) -> None:
    """Refuse a component without a class, and one that would be made too late or too early."""
    if "_target_" not in node:
        raise ConfigError(f"{name}: {name}={chosen} names no _target_, so there is nothing to build")
    partial = node.get("_partial_", False)
    if partial is not (name == MADE_LATER):
        wanted = "true: its members are not trained yet" if name == MADE_LATER else "false"
        raise ConfigError(f"{name}._partial_: {partial!r}, must be {wanted}")


def _require_section(config: DictConfig, path: str, key: str, chosen: str) -> None:
    """Walk down to `path`, at which the variant `chosen` of the group `key` was put."""
    node, words = config, path.split(".")
    for depth, word in enumerate(words):
        child = node._get_node(word) if word in node else None
        if child is None or (not isinstance(child, DictConfig) and child._is_interpolation()):
            return  # left out, or taken from elsewhere: whoever needs it says so
        if not isinstance(child, DictConfig) or child._is_none():
            here = ".".join(words[: depth + 1])
            value = "null" if child._is_none() else f"{child!s}"
            if isinstance(child, ListConfig):
                remedy = f"it is a list, in the file of {key}={chosen} or on the command line"
            elif depth + 1 == len(words):
                remedy = f"choose a variant with {key}={chosen if child._is_none() else value}"
            else:
                remedy = f"leave its parts out one by one, as in ~{'.'.join(words[: depth + 2])}"
            raise ConfigError(f"{here}: '{value}' cannot stand for a section of settings; {remedy}")
        if child._is_interpolation() or child._is_missing():
            return
        node = child


def _emptied(config: DictConfig) -> Iterator[str]:
    """Yield the keys that were given `{}` on the command line."""
    words = OmegaConf.select(config, "hydra.overrides.task") or []
    for override in OverridesParser.create().parse_overrides([str(word) for word in words]):
        if not override.is_delete() and not override.is_sweep_override() and override.value() == {}:
            yield str(override.key_or_group)
