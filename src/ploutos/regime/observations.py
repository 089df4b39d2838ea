"""The series that a regime model reads, a row a session, standardised with the training window's moments."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.panel.panel import Panel
from ploutos.regime.clock import SessionEnds, session_ends
from ploutos.regime.market_moves import session_moves
from ploutos.types import one_of

Floats = npt.NDArray[np.float64]

RETURN, VOLATILITY, BREADTH = "return", "volatility", "breadth"
SERIES = (RETURN, VOLATILITY, BREADTH)
SMALLEST_VARIANCE = 1e-12  # of a session's return; keeps the logarithm of a market that stood still finite


@dataclass(frozen=True)
class Inputs:
    """Which series, D of them, in this order.

    Attributes
    ----------
    series : of `SERIES`, the return among them (see `session_moves` for members and returns):
        return: equal-weight mean log return of the session;
        volatility: log of the root of the mean realised variance of the last `volatility_sessions` sessions,
        this one among them;
        breadth: share of the members that rose.
    macro : names of macro columns, as they stand at the session's last bar.
    """

    series: tuple[str, ...]
    macro: tuple[str, ...]
    volatility_sessions: int

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the D series."""
        return (*self.series, *self.macro)

    def check(self, panel: Panel) -> None:
        """Refuse macro columns that the panel does not have."""
        for name in self.macro:
            if name not in panel.macro_names:
                raise one_of("regime.macro", name, panel.macro_names)

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready description that `from_dict` reads back."""
        return {
            "series": list(self.series),
            "macro": list(self.macro),
            "volatility_sessions": self.volatility_sessions,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Inputs":
        """Return what `as_dict` described."""
        return cls(tuple(stored["series"]), tuple(stored["macro"]), int(stored["volatility_sessions"]))


def observe(panel: Panel, inputs: Inputs, rows: slice) -> tuple[SessionEnds, Floats]:
    """Return the ends of the sessions in `rows` and the series [E, D] at them, of these rows alone.

    A value at a row depends on that row and earlier ones, to the last bit. A row of the series is NaN where
    one of them is unknown: in the first session, before there are `volatility_sessions` of them, and in a
    session in which no member trades.
    """
    inputs.check(panel)
    ends = session_ends(panel.ts[rows], panel.clock)
    moved, rose, variance = session_moves(panel, rows, ends.session)
    at = ends.row
    known = {RETURN: moved[at], BREADTH: rose[at]}
    if VOLATILITY in inputs.series:
        known[VOLATILITY] = trailing_volatility(variance[at], ends.final, inputs.volatility_sessions)
    macro = panel.macro[rows][at].astype(np.float64)
    columns = [known[name] for name in inputs.series]
    columns += [macro[:, panel.macro_names.index(name)] for name in inputs.macro]
    values = np.stack(columns, axis=1)
    values[np.isnan(values).any(axis=1)] = np.nan
    return ends, values


def trailing_volatility(variance: Floats, final: npt.NDArray[np.bool_], sessions: int) -> Floats:
    """Return log sqrt(mean of the realised variance of this session and the `sessions` - 1 ended before it).

    `variance` [E] is that of the session so far, `final` [E] marks the rows at which one ended.
    """
    ended = variance[final]
    before: npt.NDArray[np.int64] = np.cumsum(final) - final  # sessions that ended before each row
    mean = np.full(len(variance), np.nan)
    enough = before >= sessions - 1
    mean[enough] = variance[enough]
    for lag in range(1, sessions):
        mean[enough] += ended[before[enough] - lag]
    # math.log one by one: NumPy's vectorised logarithm need not give a value the same bits in any company.
    return np.array([0.5 * math.log(max(m / sessions, SMALLEST_VARIANCE)) for m in mean.tolist()])
