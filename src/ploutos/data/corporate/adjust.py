"""Forward adjustment: prices as if the first share had been kept and its dividends reinvested.

The adjusted price is `raw price x F`. F is 1 at a ticker's first bar and changes only when a split of `s`
new for one old share or a dividend takes effect: it is multiplied by `s / (1 - s D / P)`, D being the
dividend per share after the split and P the last raw close. That is the convention of CRSP and of Lean's
factor files: the holder buys shares for the dividend at the price to which P falls, `P / s - D`.

F of a bar reads nothing later than the bar, so no later action or row changes an adjusted price, not even its
last bit. A back-adjusted series is this one times a constant (the last factor's inverse), so returns agree.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.data.calendars.calendar import microseconds
from ploutos.data.corporate.actions import check_actions
from ploutos.types import DataError
from ploutos.types.bars import PRICE_COLUMNS

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def forward_adjusted(frame: pl.DataFrame, actions: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` with prices times F and volume divided by the product of splits.

    Actions in effect before or with a ticker's first bar, or after its last one, change nothing.

    Parameters
    ----------
    frame : bars sorted by (ticker, ts).
    actions : as `Bars.actions`; a column `factor`, where it is not null, replaces the formula.

    Raises
    ------
    DataError
        A split, dividend or factor that is no possible number; a dividend not below the last close.
    """
    if actions.is_empty() or frame.is_empty():
        return frame
    prices, shares = forward_factors(frame, actions)
    return frame.with_columns(
        *(pl.col(name) * pl.lit(pl.Series(prices)) for name in PRICE_COLUMNS),
        pl.col("volume") / pl.lit(pl.Series(shares)),
    )


def forward_factors(frame: pl.DataFrame, actions: pl.DataFrame) -> tuple[Floats, Floats]:
    """Return F and the product of splits of each row of `frame` (see `forward_adjusted`)."""
    actions = actions.sort("ticker", "ts", maintain_order=True)
    check_actions(actions)
    rows, first = effective_rows(frame, actions), first_rows(frame)
    kept = (rows >= 0) & ~np.isin(rows, first)
    actions, rows = actions.filter(kept), rows[kept]
    before = frame["close"].cast(pl.Float64).to_numpy()[rows - 1]
    split = actions["split"].to_numpy()
    return (
        _running_product(frame.height, first, rows, _steps(actions, rows, before)),
        _running_product(frame.height, first, rows, split),
    )


def effective_rows(frame: pl.DataFrame, actions: pl.DataFrame) -> Rows:
    """Return the row of the ticker's first bar that closes at or after each action, -1 where there is none.

    Both sorted by (ticker, ts).
    """
    if frame.is_empty() or actions.is_empty():
        return np.full(actions.height, -1, np.int64)
    bars, edges = microseconds(frame["ts"]), np.append(first_rows(frame), frame.height)
    block = {ticker: n for n, ticker in enumerate(frame["ticker"].gather(edges[:-1]))}
    times, own = microseconds(actions["ts"]), first_rows(actions)
    rows = np.full(actions.height, -1, np.int64)
    for ticker, start, stop in zip(
        actions["ticker"].gather(own), own, np.append(own[1:], actions.height), strict=True
    ):
        if ticker in block:
            first, last = edges[block[ticker]], edges[block[ticker] + 1]
            found = first + np.searchsorted(bars[first:last], times[start:stop])
            rows[start:stop] = np.where(found < last, found, -1)
    return rows


def first_rows(frame: pl.DataFrame) -> Rows:
    """Return the first row of each ticker in a frame sorted by ticker."""
    names = frame["ticker"]
    changes = (names != names.shift(1)).fill_null(True)
    return changes.arg_true().cast(pl.Int64).to_numpy()


def _steps(actions: pl.DataFrame, rows: Rows, before: Floats) -> Floats:
    """Return what each action multiplies F by; of several on one bar each finds the price the last left."""
    split, dividend = actions["split"].to_numpy(), actions["dividend"].to_numpy()
    given = np.full(len(rows), np.nan)
    if "factor" in actions.columns:
        given = actions["factor"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    step, price = np.empty(len(rows)), before.copy()
    turn = np.arange(len(rows)) - np.searchsorted(rows, rows)
    for k in range(int(turn.max(initial=-1)) + 1):
        at = np.flatnonzero(turn == k)
        if k:
            price[at] = price[at - 1] / step[at - 1]
        part = split[at] * dividend[at] / price[at]
        with np.errstate(divide="ignore"):
            step[at] = np.where(np.isnan(given[at]), split[at] / (1.0 - part), given[at])
    impossible = np.flatnonzero(~((step > 0) & np.isfinite(step)))
    if len(impossible):
        raise _impossible(actions.row(int(impossible[0]), named=True), float(before[impossible[0]]))
    return step


def _impossible(row: dict[str, object], before: float) -> DataError:
    return DataError(
        f"actions: {row['ticker']} at {row['ts']} has split {row['split']}, dividend {row['dividend']},"
        f" factor {row.get('factor')} after a close of {before:g}; split x dividend must lie below the close,"
        " a factor above 0"
    )


def _running_product(length: int, first: Rows, rows: Rows, steps: Floats) -> Floats:
    """Return the product of a ticker's `steps` at or before each row, [length]; `rows` are sorted."""
    owner = np.searchsorted(first, rows, side="right")
    product = pl.DataFrame({"owner": owner, "step": steps}).select(pl.col("step").cum_prod().over("owner"))
    last = np.append(rows[1:] != rows[:-1], True)[: len(rows)]  # of several on one row
    edges = np.concatenate([first, rows[last]])
    values = np.concatenate([np.ones(len(first)), product["step"].to_numpy()[last]])
    order = np.argsort(edges)
    return np.repeat(values[order], np.diff(edges[order], append=length))
