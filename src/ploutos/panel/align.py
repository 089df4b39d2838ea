"""From long frames to arrays on one calendar, by date: each step is a pure function."""

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.types import Bars, DataError, one_of
from ploutos.types.bars import PRICE_COLUMNS
from ploutos.types.fields import CLOSE, VOLUME

Axis = npt.NDArray[np.int64]
Grid = npt.NDArray[np.float64]


def time_of(frame: pl.DataFrame) -> Axis:
    """Return `ts` of a frame as microseconds since the epoch, UTC."""
    return frame["ts"].dt.cast_time_unit("us").to_physical().to_numpy()


def axes(frame: pl.DataFrame) -> tuple[Axis, tuple[str, ...]]:
    """Return the calendar (every time at which any ticker has a bar) and the sorted tickers."""
    return np.unique(time_of(frame)), tuple(frame["ticker"].unique().sort().to_list())


def by_ticker(frame: pl.DataFrame, tickers: tuple[str, ...]) -> Iterator[tuple[int, slice]]:
    """Yield the column of each ticker and its rows in a frame sorted by (ticker, ts).

    Raises
    ------
    DataError
        A ticker is not in `tickers`, or its rows are not together.
    """
    if frame.is_empty():
        return
    column = {ticker: n for n, ticker in enumerate(tickers)}
    names = frame["ticker"]
    starts = np.flatnonzero(np.r_[True, (names != names.shift(1))[1:].to_numpy()])
    for start, stop in zip(starts, np.r_[starts[1:], len(frame)], strict=True):
        ticker = names[int(start)]
        if ticker not in column:
            raise one_of("panel: ticker", ticker, tickers)
        yield column.pop(ticker), slice(int(start), int(stop))


def _rows(times: Axis, ts: Axis, ticker: str) -> npt.NDArray[np.int64]:
    """Return the rows of `ts` at which `times` lie; refuses unsorted or absent times."""
    back = np.flatnonzero(np.diff(times) <= 0)
    if len(back):
        when = datetime.fromtimestamp(int(times[back[0] + 1]) / 1e6, UTC)
        raise DataError(f"panel: {ticker} at {when} is out of order; sort by (ticker, ts), one row each")
    rows = np.searchsorted(ts, times)
    if len(rows) and (rows[-1] >= len(ts) or (ts[rows] != times).any()):
        raise DataError(f"panel: {ticker} has a bar at a time that the calendar does not have")
    return rows


def align_prices(frame: pl.DataFrame, ts: Axis, tickers: tuple[str, ...], out: Grid | None = None) -> Grid:
    """Return prices and volume [T, 5, N] as in `Panel`, in `out` if given.

    NaN, last close or 0 where there is no bar.
    """
    times = time_of(frame)
    prices = np.empty((len(ts), 5, len(tickers))) if out is None else out
    prices[:] = np.nan
    prices[:, VOLUME] = 0.0
    columns = [frame[name].cast(pl.Float64).to_numpy() for name in (*PRICE_COLUMNS, "volume")]
    for n, rows in by_ticker(frame, tickers):
        at = _rows(times[rows], ts, tickers[n])
        for field, column in enumerate(columns):
            prices[at, field, n] = column[rows]
        prices[at[0] :, CLOSE, n] = columns[CLOSE][rows][last_known(at, len(ts))]
    return prices


def last_known(at: npt.NDArray[np.int64], length: int) -> npt.NDArray[np.int64]:
    """Return, for the rows at[0] ... length - 1, the position in `at` of the last bar at or before each."""
    return np.searchsorted(at, np.arange(at[0], length), side="right") - 1


def align_features(
    frame: pl.DataFrame, ts: Axis, tickers: tuple[str, ...], names: tuple[str, ...]
) -> npt.NDArray[np.float32]:
    """Return the columns `names` of a long frame as [T, N, F].

    After a ticker's first bar its last values are carried forward over every time without a bar; before it
    they are NaN. Carrying forward reads the past only, so it does not know whether a gap will end.
    """
    times = time_of(frame)
    values = (
        frame.select(names).cast(pl.Float32).to_numpy() if names else np.empty((len(frame), 0), np.float32)
    )
    features = np.full((len(ts), len(tickers), len(names)), np.nan, dtype=np.float32)
    for n, rows in by_ticker(frame, tickers):
        at = _rows(times[rows], ts, tickers[n])
        features[at[0] :, n] = values[rows][last_known(at, len(ts))]
    return features


def align_column(frame: pl.DataFrame, name: str, ts: Axis, tickers: tuple[str, ...], out: Grid) -> None:
    """Write the column `name` of a frame sorted by (ticker, ts) into `out` [T, N]; other cells stay."""
    times, values = time_of(frame), frame[name].cast(pl.Float64).to_numpy()
    for n, rows in by_ticker(frame, tickers):
        out[_rows(times[rows], ts, tickers[n]), n] = values[rows]


def align_expected(frame: pl.DataFrame | None, ts: Axis, tickers: tuple[str, ...]) -> Grid | None:
    """Return the synthetic source's expected returns [T, N], NaN where there are none; None without any."""
    if frame is None:
        return None
    expected = np.full((len(ts), len(tickers)), np.nan)
    align_column(frame, "expected_return", ts, tickers, expected)
    return expected


def delistings(bars: Bars, ts: Axis, tickers: tuple[str, ...]) -> tuple[npt.NDArray[np.int32], Grid]:
    """Return `delist_bar` and `delist_return` [N].

    A delisting at the last bar of the market pays out after the panel's end: -1, as if it never came.

    Raises
    ------
    DataError
        An unknown ticker, a return below -1, or bars of the ticker after its delisting.
    """
    bar, payout = np.full(len(tickers), -1, dtype=np.int32), np.zeros(len(tickers))
    last = dict(bars.frame.group_by("ticker").agg(pl.col("ts").max()).iter_rows())
    for ticker, time, change in bars.delistings.select("ticker", "ts", "delisting_return").iter_rows():
        if ticker not in last:
            raise one_of("delistings: ticker", ticker, tickers)
        if last[ticker] > time:
            raise DataError(f"delistings: {ticker} ends at {time} but has a bar at {last[ticker]}")
        if change is None or not -1.0 <= change < np.inf:
            raise DataError(f"delistings: {ticker} has delisting_return {change}; it must be a number >= -1")
        row = int(np.searchsorted(ts, round(time.timestamp() * 1e6), side="right"))
        if row < len(ts):
            n = tickers.index(ticker)
            bar[n], payout[n] = row, change
    return bar, payout


def end_delisted(values: npt.NDArray[np.float32], delist_bar: npt.NDArray[np.int32]) -> None:
    """Set `values` [T, N, F] to NaN from each ticker's `delist_bar` on, in place."""
    for n in np.flatnonzero(delist_bar >= 0):
        values[delist_bar[n] :, n] = np.nan
