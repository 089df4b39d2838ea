"""The family of policies that an oracle chooses from: a softmax aim, a rate towards it, a band around it."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Candidate:
    """One member of the family.

    Attributes
    ----------
    temperature_bps : expected return that multiplies a weight by e, basis points.
    rate : share of the way to its aim that a weight goes in one decision, (0, 1].
    band : a weight closer to its aim than this is left alone, in equal weights (1 / members), >= 0.
    """

    temperature_bps: float
    rate: float
    band: float

    def as_dict(self) -> dict[str, Any]:
        """Return the settings, JSON-ready."""
        return asdict(self)


@dataclass(frozen=True)
class Allowed:
    """What weights may be: their sum of |w| at most `leverage`, negative only where `short`."""

    leverage: float
    short: bool


def aims(
    expected: Floats, member: npt.NDArray[np.bool_], temperature_bps: Floats, allowed: Allowed
) -> Floats:
    """Return the weights [..., N] that a decision aims at.

    Long only, e^(expected / temperature) over its sum across members and cash, whose expected return is 0.
    Where allowed, members may also be sold at the opposite of their expected return: a weight is its share
    bought less its share sold, times the leverage.

    Parameters
    ----------
    expected : [..., N] expected simple return of the next bar; read where `member`.
    temperature_bps : broadcasts against [..., 1].
    """
    logit = np.where(member, expected, 0.0) * 1e4 / temperature_bps
    top = np.maximum(np.abs(logit) if allowed.short else logit, 0.0).max(axis=-1, keepdims=True)
    bought = np.where(member, np.exp(logit - top), 0.0)
    sold = np.where(member, np.exp(-logit - top), 0.0) if allowed.short else np.zeros_like(bought)
    total = (bought + sold).sum(axis=-1, keepdims=True) + np.exp(-top)
    return np.asarray(allowed.leverage * (bought - sold) / total)


def targets(aim: Floats, weight: Floats, member: npt.NDArray[np.bool_], rate: Floats, band: Floats) -> Floats:
    """Return target weights [B, N], NaN = hold: `rate` of the way to `aim` where that is `band` away."""
    width = band / np.maximum(member.sum(axis=-1, keepdims=True), 1)
    way = aim - weight
    return np.where(np.abs(way) < width, np.nan, weight + rate * way)
