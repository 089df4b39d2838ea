"""From bars of any length to one row per ticker and session."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.types import DataError, one_of
from ploutos.types.bars import BAR_COLUMNS
from ploutos.universe.trading_sessions import Axis, Sessions

Grid = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class SessionBars:
    """The sessions in which each ticker has a bar, sorted by (run, session); a run is one ticker's rows.

    Attributes
    ----------
    column : [runs] position of the run's ticker on the panel's ticker axis.
    n_tickers, n_sessions : lengths of the two axes.
    session : [R] position on the axis of sessions.
    key : [R] run x n_sessions + session, increasing.
    close : [R] last close of the session, adjusted forward for splits and dividends.
    dollar_volume : [R] sum over the session's bars of close x volume, unadjusted.
    """

    column: Axis
    n_tickers: int
    n_sessions: int
    session: Axis
    key: Axis
    close: Grid
    dollar_volume: Grid

    def window(self, first: int, last: int) -> tuple[Grid, Grid]:
        """Return closes (NaN without a bar) and dollar volumes (0) of sessions `first` ... `last`, [W, N]."""
        runs = np.arange(len(self.column)) * self.n_sessions
        start = np.searchsorted(self.key, runs + first)
        count = np.searchsorted(self.key, runs + last, side="right") - start
        offset = np.repeat(start - np.r_[0, np.cumsum(count)[:-1]], count)
        rows = np.arange(len(offset)) + offset
        at = self.session[rows] - first, np.repeat(self.column, count)
        shape = (last - first + 1, self.n_tickers)
        close, dollars = np.full(shape, np.nan), np.zeros(shape)
        close[at], dollars[at] = self.close[rows], self.dollar_volume[rows]
        return close, dollars


def session_bars(
    frame: pl.DataFrame, actions: pl.DataFrame, tickers: tuple[str, ...], sessions: Sessions
) -> SessionBars:
    """Aggregate `frame`, sorted by (ticker, ts); bars after the last session's close are left out.

    Raises
    ------
    DataError
        Rows out of order.
    ConfigError
        A ticker that is not in `tickers`.
    """
    times = frame["ts"].dt.cast_time_unit("us").to_physical().to_numpy()
    run = frame["ticker"].rle_id().to_numpy()
    _check_order(frame, times, run)
    names = frame["ticker"].gather(np.flatnonzero(np.r_[True, run[1:] != run[:-1]])[: len(frame)])
    session = np.searchsorted(sessions.closes, times)
    key = run.astype(np.int64) * (len(sessions.closes) + 1) + session
    start = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])[: len(frame)]
    close, volume = (frame[name].cast(pl.Float64).to_numpy() for name in ("close", "volume"))
    dollars = np.add.reduceat(close * volume, start) if len(start) else np.empty(0)
    last = np.r_[start[1:], len(frame)] - 1
    complete = session[last] < len(sessions.closes)
    last = last[complete]
    session = session[last]
    return SessionBars(
        column=_columns(names, tickers),
        n_tickers=len(tickers),
        n_sessions=len(sessions.closes),
        session=session,
        key=run[last].astype(np.int64) * len(sessions.closes) + session,
        close=_total_return(frame, actions, last),
        dollar_volume=dollars[complete],
    )


def _total_return(frame: pl.DataFrame, actions: pl.DataFrame, rows: Axis) -> Grid:
    """Return the closes at `rows` [R], each run's last one of a session, adjusted forward.

    Splits and dividends take effect between sessions, so adjusting these rows alone gives what adjusting all
    bars would.
    """
    concerned = actions.join(frame.lazy().select("ticker").unique().collect(), on="ticker", how="semi")
    if concerned.is_empty():
        return frame["close"].cast(pl.Float64).gather(rows).to_numpy()
    from ploutos.data.corporate.adjust import forward_adjusted

    adjusted: pl.DataFrame = forward_adjusted(frame.select(BAR_COLUMNS)[rows], concerned)
    return adjusted["close"].to_numpy()


def _columns(names: pl.Series, tickers: tuple[str, ...]) -> Axis:
    place = {ticker: n for n, ticker in enumerate(tickers)}
    for name in names:
        if name not in place:
            raise one_of("universe: ticker", name, tickers)
    return np.array([place[name] for name in names], dtype=np.int64)


def _check_order(frame: pl.DataFrame, times: Axis, run: npt.NDArray[np.uint32]) -> None:
    """Refuse rows that are not strictly increasing in ts within their ticker, or a ticker in two places."""
    wrong = np.flatnonzero((times[1:] <= times[:-1]) & (run[1:] == run[:-1]))
    if len(wrong):
        ticker, time = frame.select("ticker", "ts").row(int(wrong[0]) + 1)
        raise DataError(f"universe: {ticker} at {time} is out of order; sort by (ticker, ts), one row each")
    if len(run) and int(run[-1]) + 1 != frame["ticker"].n_unique():
        raise DataError("universe: a ticker's bars are not together; sort by (ticker, ts)")
