"""The five ways in which the future is changed: shuffled, scaled, made NaN, full of gaps, cut off."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.types import Bars
from ploutos.types.bars import PRICE_COLUMNS

KINDS = ("shuffle", "scale", "nan", "truncate", "gaps")
ALL = f"all {len(KINDS)}"  # how a finding of every kind is told
LONGEST = 300.0  # bars that a gap right after the cut may last
SPREAD = 1.0  # deviation of the logarithm of the factors of "scale": halves and doubles are common

Axis = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def perturbed_bars(bars: Bars, cut: int, kind: str, rng: np.random.Generator) -> Bars:
    """Return `bars` with every row after the time `cut` (microseconds, UTC) changed; until then as they were.

    Shuffling keeps the rows of a ticker at their times and permutes what they hold; gaps take away what
    follows the cut, for a while of its own for each ticker, and half of the rest. Splits, dividends and
    delistings that come after the cut are scaled or dropped with the rows.
    """
    frame = bars.frame
    times = frame["ts"].dt.timestamp("us").to_numpy()
    after = times > cut
    if kind == "truncate":
        return _without(bars, cut, after)
    if kind == "gaps":
        return _without(bars, cut, _in_gaps(frame["ticker"], after, rng))
    values = [name for name in frame.columns if name not in ("ts", "ticker")]
    if kind == "shuffle":
        order = _shuffled(frame["ticker"], after, rng)
        mixed = frame.select(values)[order]
        return replace(bars, frame=frame.with_columns(mixed.get_columns()))
    if kind == "scale":
        common = np.where(after, np.exp(rng.normal(0, SPREAD, len(frame))), 1.0)
        columns = []
        for name in values:
            own = np.where(after, np.exp(rng.normal(0, SPREAD, len(frame))), 1.0)
            factor = common if name in PRICE_COLUMNS else own
            scaled = pl.Series(name, frame[name].to_numpy() * factor)
            columns.append(scaled.cast(frame[name].dtype) if frame[name].dtype.is_float() else scaled)
        return replace(bars, frame=frame.with_columns(columns), actions=_scaled_actions(bars.actions, cut))
    gone = pl.Series(after)
    emptied = [
        pl.when(gone).then(pl.lit(float("nan"))).otherwise(pl.col(name)).cast(_float(frame[name])).alias(name)
        for name in values
    ]
    return replace(
        bars, frame=frame.with_columns(emptied), actions=bars.actions.filter(_at(bars.actions) <= cut)
    )


def perturbed_table(
    table: pl.DataFrame, cut: int, kind: str, rng: np.random.Generator, time: str
) -> pl.DataFrame:
    """Return a table of values by `time` with every row after `cut` changed; "nan" is null."""
    after = (table[time].dt.timestamp("us") > cut).to_numpy()
    values = [name for name in table.columns if name != time]
    if kind in ("truncate", "gaps"):
        kept = ~after if kind == "truncate" else ~after | (rng.random(len(after)) < 0.5)
        return table.filter(pl.Series(kept))
    if kind == "shuffle":
        order = np.arange(len(table))
        order[after] = rng.permutation(order[after])
        return table.with_columns(table.select(values)[order].get_columns())
    if kind == "nan":
        gone = pl.Series(after)
        return table.with_columns(pl.when(gone).then(None).otherwise(pl.col(v)).alias(v) for v in values)
    return table.with_columns(
        pl.col(name) * pl.Series(np.where(after, np.exp(rng.normal(0, SPREAD, len(table))), 1.0))
        for name in values
    )


def _without(bars: Bars, cut: int, gone: npt.NDArray[np.bool_]) -> Bars:
    """Return `bars` without the rows `gone` and what else was known after `cut`.

    Without all rows after the cut it is what a download at `cut` would have held: a delisting shows at the
    next bar.
    """
    expected = bars.expected_return
    return replace(
        bars,
        frame=bars.frame.filter(~pl.Series(gone)),
        delistings=bars.delistings.filter(_at(bars.delistings) < cut),
        actions=bars.actions.filter(_at(bars.actions) <= cut),
        expected_return=None if expected is None else expected.filter(_at(expected) <= cut),
    )


def _scaled_actions(actions: pl.DataFrame, cut: int) -> pl.DataFrame:
    """Return the actions with those after `cut` twice as large."""
    factor = pl.when(_at(actions) > cut).then(2.0).otherwise(1.0)
    scaled = {"split": pl.col("split") * factor, "dividend": pl.col("dividend") * factor}
    if "factor" in actions.columns:
        scaled["factor"] = pl.col("factor") * factor
    return actions.with_columns(**scaled)


def _shuffled(tickers: pl.Series, after: npt.NDArray[np.bool_], rng: np.random.Generator) -> Axis:
    """Return an order of the rows in which those after the cut are permuted within their ticker."""
    order = np.arange(len(tickers))
    runs = tickers.rle_id().to_numpy()
    rows = np.flatnonzero(after)
    # Sorted by (run, random key): a permutation inside each run.
    order[rows] = rows[np.lexsort((rng.random(len(rows)), runs[rows]))]
    return order


def _in_gaps(tickers: pl.Series, after: npt.NDArray[np.bool_], rng: np.random.Generator) -> Flags:
    """Return which rows after the cut are taken away."""
    run = tickers.rle_id().to_numpy()
    before = np.concatenate(
        [[0], np.cumsum(after)]
    )  # rows after the cut, of tickers that stand before as well
    since = before[:-1] - before[np.searchsorted(run, run)]
    halt = np.exp(rng.uniform(0, np.log(LONGEST), int(run[-1]) + 1 if len(run) else 0))
    return np.asarray(after & ((since < halt[run] - 1) | (rng.random(len(after)) < 0.5)))


def _float(column: pl.Series) -> pl.DataType:
    return column.dtype if column.dtype.is_float() else pl.Float64()


def _at(table: pl.DataFrame) -> pl.Series:
    return table["ts"].dt.timestamp("us")
