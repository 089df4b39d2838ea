"""What a family declares, and one named column of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import polars as pl

from ploutos.features.engine.column import Column
from ploutos.types import ConfigError, one_of

Build = TypeVar("Build", bound=Callable[..., Any])
Across = Literal["", "rank", "neutral", "score"]
"""What is done across all tickers at a time: nothing, the rank, less the mean, that in deviations."""


@dataclass(frozen=True)
class Feature:
    """A named column.

    Attributes
    ----------
    name : column name; a number in it is a window in bars of the ticker itself (gaps do not count).
    family : the family's name.
    value : formula over one ticker's bars; of a calendar feature a Polars expression over `local` (wall time)
        and `session` (date).
    warmup : rows of the ticker that must precede the first row with a value.
    memory : rows of the ticker that may precede a row and still change its value; earlier ones never do.
    across : see `Across`.
    """

    name: str
    family: str
    value: "Column | pl.Expr"
    warmup: int
    memory: int
    across: Across


@dataclass(frozen=True)
class Declaration:
    """Features of one formula that differ in their windows.

    Attributes
    ----------
    pattern : name with windows in braces, such as "volatility_{n}".
    formula, unit, source : for the reference page; the source is who proposed it, empty where elementary.
    least : smallest value of each window.
    shipped : windows of the features that the family's group consists of.
    build : the formula, called with the windows.
    """

    family: str
    pattern: str
    formula: str
    unit: str
    source: str
    least: tuple[int, ...]
    shipped: tuple[tuple[int, ...], ...]
    across: Across
    build: Callable[..., Any]

    def windows(self, name: str) -> tuple[int, ...] | None:
        """Return the windows that `name` shows, None where it is no name of this pattern."""
        found = re.fullmatch(re.sub(r"\{\w+\}", r"(0|[1-9]\\d{0,5})", self.pattern), name)
        return None if found is None else tuple(map(int, found.groups()))

    def name(self, windows: tuple[int, ...]) -> str:
        """Return the name of the feature with these windows."""
        places = re.findall(r"\{(\w+)\}", self.pattern)
        return self.pattern.format(**dict(zip(places, windows, strict=True)))

    def feature(self, windows: tuple[int, ...]) -> Feature:
        """Return the feature with these windows."""
        value = self.build(*windows)
        warmup, memory = (value.warmup, value.memory) if isinstance(value, Column) else (0, 0)
        return Feature(self.name(windows), self.family, value, warmup, memory, self.across)


class Family:
    """Collects a module's declarations."""

    def __init__(self, name: str, about: str) -> None:
        self.name = name
        self.about = about
        self.declarations: list[Declaration] = []

    def feature(
        self,
        pattern: str,
        *shipped: int | tuple[int, ...],
        formula: str,
        unit: str,
        source: str = "",
        least: int | tuple[int, ...] = 1,
        across: Across = "",
    ) -> Callable[[Build], Build]:
        """Declare the features that the decorated function builds; see `Declaration`."""
        count = pattern.count("{")
        windows = tuple((w,) if isinstance(w, int) else w for w in shipped) if count else ((),)
        smallest = (least,) * count if isinstance(least, int) else least

        def declare(build: Build) -> Build:
            self.declarations.append(
                Declaration(self.name, pattern, formula, unit, source, smallest, windows, across, build)
            )
            return build

        return declare

    def find(self, name: str, setting: str) -> Feature | None:
        """Return the feature of this name with any windows, None where no pattern of the family makes it.

        Raises
        ------
        ConfigError
            A window is too short for its pattern; `setting` is where the name was given.
        """
        for declaration in self.declarations:
            windows = declaration.windows(name)
            if windows is None:
                continue
            short = [w for w, least in zip(windows, declaration.least, strict=True) if w < least]
            if short:
                raise ConfigError(
                    f"{setting}: '{name}' has a window of {short[0]}; {declaration.pattern} takes"
                    f" {', '.join(map(str, declaration.least))} or more"
                )
            return declaration.feature(windows)
        return None

    def named(self, name: str) -> Feature:
        """Return the feature of this name with any windows.

        Raises
        ------
        ConfigError
            No pattern of the family makes the name, or a window is too short.
        """
        found = self.find(name, "features")
        if found is None:
            raise one_of(f"features of {self.name}", name, (d.pattern for d in self.declarations))
        return found
