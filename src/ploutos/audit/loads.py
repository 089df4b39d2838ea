"""The places at which a source loads something: itself, classes that it extends, sources that it wraps."""

import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import polars as pl

DEPTH = 3  # wrappers inside wrappers that are looked into

Load = Callable[[], Any]
Replaced = Callable[[Any], Any]


def loads(source: Any, depth: int = 0) -> Iterator[tuple[Replaced, Load]]:
    """Yield for each place where `load` is defined: how to replace what it gives there, and the loading.

    The outermost comes first.
    """
    for cls in type(source).__mro__:
        own = vars(cls).get("load")
        if own is not None and not getattr(own, "__isabstractmethod__", False):
            yield partial(_with_load, source, cls), partial(own, source)
    if depth == DEPTH:
        return
    for name, inner in vars(source).items() if hasattr(source, "__dict__") else ():
        speaks = any(callable(getattr(inner, method, None)) for method in ("load", "columns"))
        if not speaks or isinstance(inner, pl.DataFrame):
            continue
        for replaced, load in loads(inner, depth + 1):
            yield partial(_with_attribute, source, name, replaced), load


def _with_attribute(source: Any, name: str, replaced: Replaced, loaded: Any) -> Any:
    clone = copy.copy(source)
    object.__setattr__(clone, name, replaced(loaded))
    return clone


def _with_load(source: Any, cls: type, loaded: Any) -> Any:
    """Return a copy of `source` in which `cls.load` gives `loaded`, also to those who ask by super()."""
    owner = type(source)
    instead = type("Loaded", (cls,), {"load": lambda self: loaded})
    clone = copy.copy(source)
    clone.__class__ = instead if owner is cls else type("Audited", (owner, instead), {})
    return clone
