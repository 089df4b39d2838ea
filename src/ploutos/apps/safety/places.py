"""Which component stands at which place of a config, as the shipped files say."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ploutos.apps.conf_dir import conf_dir

Place = tuple[
    str, ...
]  # keys from the top of a config, such as ("data", "calendar"); "*" is an item of a list

# Places that take the components of a group of another name; "*" is any key.
TAKES: dict[Place, Place] = {
    ("baselines", "*"): ("agent",),
    ("validation", "checks", "*"): ("validation", "check"),
}
WHOLE_NODE = re.compile(r"\$\{([\w.]+)\}")
NOT_COMPONENTS = {"experiment", "hydra"}


@cache
def shipped() -> dict[Place, frozenset[str]]:
    """Return the targets that the shipped variants have at each place, by its canonical name."""
    found: dict[Place, set[str]] = {}
    for place, node in _variants():
        for inner, target in _targets(place, node):
            found.setdefault(inner, set()).add(target)
    return {place: frozenset(names) for place, names in found.items()}


@cache
def borrowed() -> dict[Place, Place]:
    """Return the places that hold components of another place: `env.costs` those of `execution.costs`."""
    found = {}
    for place, node in _variants():
        for key, value in node.items():
            whole = WHOLE_NODE.fullmatch(value) if isinstance(value, str) else None
            if whole:
                found[(*place, key)] = tuple(whole.group(1).split("."))
        for entry in node.get("defaults", ()):
            group, package = _packaged(place, entry)
            if package:
                found[(*place, *package)] = group
    return {place: other for place, other in found.items() if other in shipped()}


def _packaged(place: Place, entry: Any) -> tuple[Place, Place]:
    """Return the group and the package of an entry of a defaults list: `realistic@default` in `place`."""
    if isinstance(entry, dict):
        name = str(next(iter(entry)))
        group, _, package = name.partition("@")
        within = () if group.startswith("/") else place
        return (*within, *group.strip("/").split("/")), tuple(package.split(".")) if package else ()
    package = str(entry).partition("@")[2]
    return place, tuple(package.split(".")) if package else ()


def canonical(place: Place) -> Place:
    """Return the place in whose group a component at `place` is looked up."""
    for pattern, group in TAKES.items():
        if len(place) >= len(pattern) and all(
            p in ("*", k) for p, k in zip(pattern, place[: len(pattern)], strict=True)
        ):
            return canonical((*group, *place[len(pattern) :]))
    for length in range(len(place), 0, -1):
        other = borrowed().get(place[:length])
        if other is not None:
            return canonical((*other, *place[length:]))
    return place


def components() -> frozenset[str]:
    """Return every shipped component."""
    return frozenset().union(*shipped().values())


def _variants() -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield the group and the content of every shipped variant."""
    root = conf_dir()
    for path in sorted(root.rglob("*.yaml")):
        group = path.relative_to(root).parent.parts
        if group and group[0] not in NOT_COMPONENTS:
            yield group, _content(path)


@cache
def _content(path: Path) -> dict[str, Any]:
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # four times as fast as OmegaConf's
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    assert isinstance(content, dict)
    return {str(key): value for key, value in content.items()}


def _targets(place: Place, node: Any) -> Iterator[tuple[Place, str]]:
    if isinstance(node, list):
        for item in node:
            yield from _targets((*place, "*"), item)
    if isinstance(node, dict):
        if "_target_" in node:
            yield place, node["_target_"]
        for key, value in node.items():
            yield from _targets((*place, str(key)), value)
