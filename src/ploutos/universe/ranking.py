"""The measures by which names are filtered and ranked, from one window of sessions."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ploutos.universe.session_bars import Grid

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Settings of `MomentumTopK` that concern one decision; sessions and fractions as there."""

    top_k: int
    momentum_sessions: int
    skip_sessions: int
    min_history: float
    carry_sessions: int
    max_idle_sessions: int
    volatility_sessions: int
    min_volatility_annual: float
    dollar_volume_sessions: int
    min_dollar_volume: float

    @property
    def history_sessions(self) -> int:
        """The longest window, in sessions before the decision."""
        return max(self.momentum_sessions, self.volatility_sessions, self.dollar_volume_sessions - 1)


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is known of every name at one decision, each [N].

    Attributes
    ----------
    present : has a bar in the history window.
    idle : sessions since its last bar, 0 for a bar in the decision session; too many where it has none.
    history : share of the window's sessions with a bar.
    momentum : total return, fraction; NaN without a close at either end.
    volatility : a year, fraction; NaN with fewer than two returns.
    dollar_volume : median currency a session; 0 counts for a session without a bar.
    """

    present: Mask
    idle: npt.NDArray[np.int64]
    history: Grid
    momentum: Grid
    volatility: Grid
    dollar_volume: Grid


def measure(close: Grid, dollars: Grid, rules: Rules, sessions_per_year: float) -> Measures:
    """Measure a window whose last row is the decision session.

    Parameters
    ----------
    close : [W, N] closes, NaN in a session without a bar; W = history_sessions + 1 + carry_sessions.
    dollars : [W, N] dollar volume.
    sessions_per_year : annualises the volatility.
    """
    d = len(close) - 1
    has = np.isfinite(close)
    window = has[d - rules.history_sessions :]
    start, end = (_carried(close, has, d - k, rules) for k in (rules.momentum_sessions, rules.skip_sessions))
    return Measures(
        present=np.asarray(window.any(axis=0)),
        idle=_last_known(close, has, d)[1],
        history=window.mean(axis=0),
        momentum=end / start - 1.0,
        volatility=realised_volatility(_filled(close, has, d - rules.volatility_sessions), sessions_per_year),
        dollar_volume=np.median(dollars[d + 1 - rules.dollar_volume_sessions :], axis=0),
    )


def _last_known(close: Grid, has: Mask, row: int) -> tuple[Grid, npt.NDArray[np.int64]]:
    """Return the last close at or before `row` [N] and how many rows older it is; NaN where there is none."""
    age = has[row::-1].argmax(axis=0)
    last = close[row - age, np.arange(close.shape[1])]
    return last, np.where(np.isfinite(last), age, len(close))


def _carried(close: Grid, has: Mask, row: int, rules: Rules) -> Grid:
    """Return the last known close [N], NaN where it is too old to stand for the session."""
    last, age = _last_known(close, has, row)
    return np.where(age <= rules.carry_sessions, last, np.nan)


def _filled(close: Grid, has: Mask, first: int) -> Grid:
    """Return the last known closes of the rows from `first` on."""
    filled, known = close[first:].copy(), has[first:].copy()
    filled[0] = _last_known(close, has, first)[0]
    known[0] = True
    rows = np.maximum.accumulate(np.where(known, np.arange(len(filled))[:, None], 0), axis=0)
    return np.take_along_axis(filled, rows, axis=0)


def realised_volatility(closes: Grid, sessions_per_year: float) -> Grid:
    """Return sd (n - 1) of the log returns between rows of `closes` [V + 1, N] x sqrt(sessions a year)."""
    returns = np.diff(np.log(closes), axis=0)
    known = np.isfinite(returns)
    count = known.sum(axis=0)
    mean = np.where(known, returns, 0.0).sum(axis=0) / np.maximum(count, 1)
    squares = np.where(known, (returns - mean) ** 2, 0.0).sum(axis=0)
    variance = squares / np.maximum(count - 1, 1)
    return np.where(count >= 2, np.sqrt(variance * sessions_per_year), np.nan)


def filters(measures: Measures, rules: Rules, index: Mask | None) -> tuple[tuple[str, Mask], ...]:
    """Return the filters in the order in which they are told, each with the names [N] that pass it."""
    # A share of n sessions is k / n; the tolerance keeps the floor itself inside.
    enough = measures.history >= rules.min_history - 1e-12
    passes = (
        ("idle", measures.idle <= rules.max_idle_sessions),
        ("history", enough & np.isfinite(measures.momentum)),
        ("volatility", measures.volatility >= rules.min_volatility_annual),
        ("dollar_volume", measures.dollar_volume >= rules.min_dollar_volume),
    )
    return passes if index is None else (("index", index), *passes)


def strongest(
    momentum: Grid, eligible: Mask, tickers: npt.NDArray[np.str_], top_k: int
) -> npt.NDArray[np.int64]:
    """Return the columns of the `top_k` eligible names, strongest first; equal ones by ticker."""
    columns = np.flatnonzero(eligible)
    order = np.lexsort((tickers[columns], -momentum[columns]))
    return columns[order[:top_k]]
