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
from ploutos.types import ConfigError, one_of

Floats = npt.NDArray[np.float64]

RETURN, VOLATILITY, BREADTH = "return", "volatility", "breadth"
SERIES = (RETURN, VOLATILITY, BREADTH)
ROUNDING = 1e-9  # deviation of a series of order one, and share of others, below which it is constant
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

    def without(self, name: str) -> str:
        """Return the setting that leaves a series out, as it is written on the command line."""
        place, names = ("series", self.series) if name in self.series else ("macro", self.macro)
        return f"regime.{place}=[{','.join(other for other in names if other != name)}]"

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


def require_varied(values: Floats, inputs: Inputs) -> None:
    """Refuse series of `values` [R, D] that tell no states apart: constant ones, and repetitions of others.

    Raises
    ------
    ConfigError
        Names the series, its value and the setting without it.
    """
    center, deviation = values.mean(axis=0), values.std(axis=0)
    largest = np.abs(values).max(axis=0)
    for k, name in enumerate(inputs.names):
        own = name in inputs.series
        if deviation[k] <= ROUNDING * (max(1.0, largest[k]) if own else largest[k]):
            advice = "the market stands still" if name == RETURN else f"leave it out: {inputs.without(name)}"
            raise ConfigError(
                f"regime.{'series' if own else 'macro'}: '{name}' is {center[k]:.6g} in all {len(values)}"
                f" training sessions and tells no states apart; {advice}"
            )
    alike = np.abs(np.corrcoef(values.T).reshape(len(center), -1)) >= 1.0 - ROUNDING
    for k, j in np.argwhere(np.tril(alike, -1)).tolist():
        name, other = inputs.names[k], inputs.names[j]
        raise ConfigError(
            f"regime.{'series' if name in inputs.series else 'macro'}: '{name}' repeats '{other}' in all"
            f" {len(values)} training sessions; leave it out: {inputs.without(name)}"
        )


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
