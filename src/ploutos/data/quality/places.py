"""How many bars each ticker has in each session."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Places:
    """The (ticker, session) pairs that have bars, K of them, in order.

    Attributes
    ----------
    sessions : the calendar's table: `session` (Date), `open`, `close` (Datetime[us, UTC]), sorted.
    tickers : [N] names, in the frame's order.
    ticker : [K] position in `tickers`.
    session : [K] row of `sessions`.
    bars : [K] bars of the ticker in the session.
    begin : [K] row of the frame of the first of them.
    """

    sessions: pl.DataFrame
    tickers: pl.Series
    ticker: Ints
    session: Ints
    bars: Ints
    begin: Ints

    @property
    def last(self) -> npt.NDArray[np.bool_]:
        """[K] whether the pair is its ticker's last."""
        return np.append(self.ticker[1:] != self.ticker[:-1], True)[: self.ticker.size]

    def rows(self, pairs: Ints) -> pl.DataFrame:
        """Return `ticker`, `ts` (close of the session), `session` and `bars` of some pairs."""
        chosen = self.sessions[self.session[pairs]]
        return pl.DataFrame(
            {
                "ticker": self.tickers.gather(self.ticker[pairs]),
                "ts": chosen["close"],
                "session": chosen["session"],
                "bars": self.bars[pairs],
            }
        )


def places(frame: pl.DataFrame, sessions: pl.DataFrame) -> Places:
    """Place every bar of a frame sorted by (ticker, ts) into its session, open < ts <= close."""
    ts = frame["ts"].dt.timestamp("us").to_numpy()
    opens, closes = (sessions[name].dt.timestamp("us").to_numpy() for name in ("open", "close"))
    session = np.searchsorted(closes, ts, side="left")
    known = session < closes.size
    known[known] = ts[known] > opens[session[known]]
    changed = frame.select((pl.col("ticker") != pl.col("ticker").shift(1)).fill_null(True).alias("changed"))
    ticker = np.cumsum(changed["changed"].to_numpy()) - 1
    names = frame["ticker"].gather(np.flatnonzero(changed["changed"].to_numpy()))
    ticker, session = ticker[known], session[known]
    new = np.ones(ticker.size, np.bool_)
    new[1:] = (ticker[1:] != ticker[:-1]) | (session[1:] != session[:-1])
    begins = np.flatnonzero(new)
    bars = np.diff(np.append(begins, ticker.size))
    return Places(
        sessions=sessions,
        tickers=names,
        ticker=ticker[begins],
        session=session[begins],
        bars=bars,
        begin=np.flatnonzero(known)[begins],
    )
