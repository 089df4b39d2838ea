"""What a planted market asks of its alpha."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

import numpy as np
from pydantic import Field

from ploutos.data.synthetic_random import FloatArray
from ploutos.data.synthetic_settings import Regime

Ic = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]


class State(Regime):
    """One state of the whole market, and which way the score points while it lasts."""

    direction: Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]


@dataclass(frozen=True, kw_only=True)
class Planted:
    """Signals and what the expected return follows; row t is known before bar t, the last after the last bar.

    Attributes
    ----------
    signals : by name, [T + 1, N], what everybody sees.
    score : [T + 1, N] of mean 0 and variance 1, a function of the signals up to its row.
    """

    signals: dict[str, FloatArray]
    score: FloatArray


class Alpha(Protocol):
    """Draws signals; `ic` is the correlation of the score with the next bar's idiosyncratic return."""

    @property
    def ic(self) -> float: ...  # noqa: D102

    @property
    def states(self) -> Mapping[str, State]:
        """The hidden states of the market by name; none where it has a single one."""
        ...

    def draw(self, rng: np.random.Generator, rows: int, assets: int) -> Planted:
        """Draw `rows` rows; more rows leave the first ones as they are."""
        ...

    def fingerprint(self) -> dict[str, Any]:
        """Return what decides the draws, JSON-ready."""
        ...


def settings(alpha: object) -> dict[str, Any]:
    """Return the fingerprint of an alpha whose attributes are its settings."""
    return {"alpha": type(alpha).__name__, **vars(alpha)}
