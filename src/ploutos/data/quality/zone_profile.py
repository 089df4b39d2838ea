"""What the bars of a market say about its clock: where the volume lies, and where prices jump."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]
MINUTE_US = 60_000_000
SHIFTS = np.arange(-14 * 60, 14 * 60 + 1, 30)
"""Minutes; clocks of the world differ by multiples of half an hour or a quarter."""
NOW = int(np.flatnonzero(SHIFTS == 0)[0])


@dataclass(frozen=True, kw_only=True)
class MarketBars:
    """A market's bars by time, tickers taken together, T of them.

    Attributes
    ----------
    ts : Datetime[us, UTC], the time that marks each bar, sorted.
    start : [T] begin of the bar, microseconds.
    weight : [T] its volume; where there is none at all, its bars.
    jump : [T] mean |log return| since the tickers' bars before, times the bar's share of its own and the
        previous bar's weight: large where prices and trading jump, as at an opening.
    """

    ts: pl.Series
    start: Times
    weight: Floats
    jump: Floats

    def where(self, rows: pl.Series) -> "MarketBars":
        """Return the bars of some times."""
        chosen = rows.to_numpy()
        return MarketBars(
            ts=self.ts.filter(rows),
            start=self.start[chosen],
            weight=self.weight[chosen],
            jump=self.jump[chosen],
        )


def market_bars(
    frame: pl.DataFrame, ts: pl.Expr, *, bar_minutes: int, label: Literal["open", "close"]
) -> MarketBars:
    """Gather a frame sorted by (ticker, ts); `ts` gives its times in UTC, null where there is none."""
    same = pl.col("ticker") == pl.col("ticker").shift(1)
    rows = (
        frame.select("ticker", "close", "volume", ts=ts)
        .drop_nulls("ts")
        .with_columns(size=pl.when(same).then((pl.col("close") / pl.col("close").shift(1)).log().abs()))
    )
    by_time = (
        rows.group_by("ts")
        .agg(pl.col("size").mean().fill_null(0.0), pl.col("volume").sum(), bars=pl.len())
        .sort("ts")
    )
    length = bar_minutes * MINUTE_US
    times = by_time["ts"].dt.timestamp("us").to_numpy()
    traded = by_time["volume"].sum() > 0
    weight = by_time["volume" if traded else "bars"].cast(pl.Float64).to_numpy()
    before = np.where(np.diff(times, prepend=np.iinfo(np.int64).min // 2) <= length, np.roll(weight, 1), 0.0)
    both = weight + before
    rise = np.divide(weight, both, out=np.zeros_like(both), where=both > 0)
    start = times - (0 if label == "open" else length)
    return MarketBars(ts=by_time["ts"], start=start, weight=weight, jump=by_time["size"].to_numpy() * rise)


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What a market would look like if all times were shifted by each of `SHIFTS`, S of them.

    Attributes
    ----------
    inside : [S] share of the weight whose bars have their middle within a session.
    opening : [S] mean jump of the bars that hold the opening of a session after a closure; 0 without any.
    error : [S] its standard error, squared.
    openings : [S] such bars.
    """

    inside: Floats
    opening: Floats
    error: Floats
    openings: Floats


def profile(bars: MarketBars, sessions: pl.DataFrame, *, bar_minutes: int) -> Profile:
    """Compare bars with sessions that reach a day beyond them on either side."""
    length = bar_minutes * MINUTE_US
    opens, closes = (sessions[name].dt.timestamp("us").to_numpy() for name in ("open", "close"))
    after_closure = opens[np.append(True, opens[1:] > closes[:-1])]
    weight = bars.weight / bars.weight.sum()
    found = np.zeros((4, SHIFTS.size))
    for k, shift in enumerate(SHIFTS.tolist()):
        start = bars.start + shift * MINUTE_US
        middle = start + length // 2
        session = np.searchsorted(opens, middle, side="right") - 1
        within = (session >= 0) & (middle <= closes[session])
        opening = after_closure[np.minimum(np.searchsorted(after_closure, start), after_closure.size - 1)]
        jump = bars.jump[(opening >= start) & (opening < start + length)]
        found[0, k] = weight[within].sum()
        if jump.size:
            found[1:, k] = jump.mean(), jump.var() / jump.size, jump.size
    return Profile(inside=found[0], opening=found[1], error=found[2], openings=found[3])
