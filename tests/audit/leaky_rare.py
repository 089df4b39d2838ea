"""Components that see the future at few times, in few bits, or in nothing but who is there."""

import numpy as np
import polars as pl
from leaky import RETURN

NEXT, DAY, QUARTER = RETURN.shift(-1), pl.col("ts").dt.date(), pl.col("ts").dt.quarter()
# Seen by few bars, few names, few bits, or in nothing but where bars are.
RARE = {
    "last_bar_of_session": pl.when(DAY.shift(-1) != DAY).then(NEXT).otherwise(0.0),
    "first_bar_of_session": pl.when(DAY.shift(1) != DAY).then(NEXT).otherwise(0.0),
    "last_bar_of_quarter": pl.when(QUARTER.shift(-1) != QUARTER).then(NEXT).otherwise(0.0),
    "first_bar_of_quarter": pl.when(QUARTER.shift(1) != QUARTER).then(NEXT).otherwise(0.0),
    "one_name": pl.when(pl.col("ticker") == pl.col("ticker").max().over("ts")).then(NEXT).otherwise(0.0),
    "last_bits": RETURN * (1 + 1e-7 * NEXT.sign()),
    "long_halt_ahead": (pl.col("ts").shift(-1) - pl.col("ts") > pl.duration(days=5)).cast(pl.Float64),
    "last_bar_ever": (pl.int_range(pl.len()) == pl.len() - 1).cast(pl.Float64),
    "empty_before_falls": pl.when(NEXT > -0.01).then(RETURN),
}


class Rare:
    """All of `RARE` beside the rank of the next return, which looks across names."""

    warmup_bars = 10

    def names(self, signals):
        return (*RARE, "next_rank", *signals)

    def compute(self, frame, signals):
        nexts = frame.select("ts", own=NEXT.over("ticker"))
        columns = [value.over("ticker").alias(name) for name, value in RARE.items()]
        rank = nexts.select(next_rank=pl.col("own").rank().over("ts")).to_series()
        return frame.select("ts", "ticker", *columns, *signals).insert_column(2 + len(RARE), rank)


class KeptFromEnd:
    """Holds the names that still trade at the end, or ranks at a rebalance with the bar after it."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def membership_and_report(self, bars, ts, tickers):
        close = np.full((len(ts), len(tickers)), np.nan)
        for n, ticker in enumerate(tickers):
            own = bars.frame.filter(pl.col("ticker") == ticker)
            close[np.searchsorted(ts, own["ts"].dt.timestamp("us").to_numpy()), n] = own["close"]
        if self.kind == "survivors":
            return np.tile(np.isfinite(close[-1]), (len(ts), 1)), {}
        month = (ts // 86_400_000_000).astype("datetime64[D]").astype("datetime64[M]").astype(int)
        begin = np.flatnonzero(np.append(True, month[1:] // 3 != month[:-1] // 3))
        member = np.zeros(close.shape, bool)
        for a, b in zip(begin, [*begin[1:], len(ts)], strict=True):
            gain = np.nan_to_num(close[min(a + 1, len(ts) - 1)] / close[max(a - 20, 0)], nan=-1.0)
            member[a:b, np.argsort(-gain)[:2]] = True
        return member, {}
