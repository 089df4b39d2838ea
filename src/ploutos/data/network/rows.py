"""Rows as a provider serves them: put in order, counted, compared with rows that were served before."""

import hashlib

import numpy as np
import polars as pl

from ploutos.data.network.spans import Span

TS = pl.Datetime("us", "UTC")


def schema(columns: tuple[str, ...]) -> dict[str, pl.DataType]:
    """Return the schema of cached rows: `ts` (start of the bar, or midnight UTC of the day), numbers."""
    return {"ts": TS, **{column: pl.Float64() for column in columns}}


def empty(columns: tuple[str, ...]) -> pl.DataFrame:
    """Return no rows."""
    return pl.DataFrame(schema=schema(columns))


def tidy(frame: pl.DataFrame, span: Span, prices: tuple[str, ...]) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return the rows within `span`, sorted and unique in `ts`, and what had to be done for that.

    Rows without any of `prices` are no bars and are left out (empty `prices` keeps all). Of rows that
    contradict each other at one time the last one served is taken.
    """
    counts = {"rows_served": frame.height, "pages_unsorted": int(not frame["ts"].is_sorted())}
    kept = between(frame, span)
    counts["rows_outside_range"] = frame.height - kept.height
    if prices:
        priced = kept.filter(pl.any_horizontal(pl.col(*prices).is_not_null()))
        counts["rows_without_price"] = kept.height - priced.height
        kept = priced
    distinct = kept.unique(maintain_order=True)
    counts["rows_repeated"] = kept.height - distinct.height
    single = distinct.unique(subset="ts", keep="last", maintain_order=True)
    counts["rows_contradicted"] = distinct.height - single.height
    return single.sort("ts"), counts


def between(frame: pl.DataFrame, span: Span) -> pl.DataFrame:
    """Return the rows of `frame` with start <= ts < end."""
    at = pl.col("ts").dt.timestamp("us")
    return frame.filter((at >= span[0]) & (at < span[1]))


def times(frame: pl.DataFrame) -> list[int]:
    """Return `ts` in microseconds."""
    return frame["ts"].dt.timestamp("us").to_list()


def revised(old: pl.DataFrame, new: pl.DataFrame, columns: tuple[str, ...], tolerance: float) -> pl.DataFrame:
    """Return the rows that both hold and whose values differ by more than `tolerance`.

    Columns: `ts`, `column`, `before`, `after`. The difference is relative to the value before; a value that
    was or is missing where the other is not differs.
    """
    both = old.join(new, on="ts", how="inner", suffix="_new")
    found = [
        both.select(
            "ts", pl.lit(c).alias("column"), pl.col(c).alias("before"), pl.col(f"{c}_new").alias("after")
        )
        for c in columns
    ]
    before, after = pl.col("before"), pl.col("after")
    differ = (after - before).abs() > tolerance * before.abs()
    one_missing = before.is_null() != after.is_null()
    return pl.concat(found).filter(differ.fill_null(False) | one_missing).sort("ts")


def content_hash(frame: pl.DataFrame) -> str:
    """Return the SHA-256 of names and values, whatever library or machine wrote them."""
    digest = hashlib.sha256()
    for name in frame.columns:
        column = frame[name]
        digest.update(f"{name}\0{len(column)}\0".encode())
        if column.dtype == pl.String:
            digest.update("\0".join(column.to_list()).encode())
        elif column.dtype.is_temporal():
            digest.update(column.to_physical().cast(pl.Int64).to_numpy().astype("<i8").tobytes())
        else:
            digest.update(_bits(column).tobytes())
    return digest.hexdigest()


def _bits(column: pl.Series) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Return the values with one NaN for null and another for NaN, so that both count."""
    values = column.fill_null(0.0).to_numpy().astype("<f8")
    null = column.is_null().to_numpy()
    return np.concatenate([values, null.astype("<f8")])
