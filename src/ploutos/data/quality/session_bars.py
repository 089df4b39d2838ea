"""One bar a ticker and session, and the gap before it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.data.quality.places import Ints, Places

Floats = npt.NDArray[np.float64]
COPIED = 0.8
"""Share of sessions that open exactly at the close before from which on opens tell nothing of their own."""


@dataclass(frozen=True, kw_only=True)
class SessionBars:
    """The bars of the pairs of `Places`, K of them.

    Attributes
    ----------
    first : [N + 1] where each ticker's pairs begin; K at the end.
    owner : [K] ticker of the pair.
    elapsed : [K] sessions since the ticker's last one; 0 at its first.
    before : [K] close of the session before; its own where there is none.
    open : [K] the first price that is new; the close where the ticker's opens are copies of the close before.
    close, span, turnover : [K] close; log of high over low; volume times close.
    """

    first: Ints
    owner: Ints
    elapsed: Ints
    before: Floats
    open: Floats
    close: Floats
    span: Floats
    turnover: Floats

    @cached_property
    def gap(self) -> Floats:
        """[K] log of the close before over the open: log s where one old share became s."""
        return np.log(self.before / self.open)

    @cached_property
    def fall(self) -> Floats:
        """[K] log of the close before over the close."""
        return np.log(self.before / self.close)


def session_bars(frame: pl.DataFrame, placed: Places) -> SessionBars:
    """Join the bars of each session; `frame` is the one that was placed."""
    begin, end = placed.begin, placed.begin + placed.bars
    edges = np.stack([begin, end], axis=1).ravel()

    def over(measure: np.ufunc, name: str) -> Floats:
        if end.size == frame.height:  # one bar a session
            return np.asarray(frame[name].to_numpy(), np.float64)
        values = np.append(frame[name].to_numpy(), 0.0)  # an edge may lie behind the last bar
        return np.asarray(measure.reduceat(values, edges)[::2], np.float64)

    opens, close = frame["open"].to_numpy()[begin], frame["close"].to_numpy()[end - 1]
    owner, pairs = placed.ticker, begin.size
    first = np.append(np.flatnonzero(np.diff(owner, prepend=-1)), pairs)
    elapsed = np.diff(placed.session, prepend=0)
    before = np.roll(close, 1)
    elapsed[first[:-1]], before[first[:-1]] = 0, opens[first[:-1]]
    copied = np.add.reduceat(opens == before, first[:-1], dtype=np.int64) if pairs else np.empty(0)
    tells_nothing = np.repeat(copied > COPIED * np.diff(first), np.diff(first))
    opens = np.where(tells_nothing, close, opens)
    return SessionBars(
        first=first,
        owner=owner,
        elapsed=elapsed,
        before=before,
        open=np.asarray(opens, np.float64),
        close=np.asarray(close, np.float64),
        span=np.log(over(np.maximum, "high") / over(np.minimum, "low")),
        turnover=over(np.add, "volume") * close,
    )
