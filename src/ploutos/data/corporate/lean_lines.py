"""The lines of Lean's factor and map files, as tables.

A factor line `date,price_factor,split_factor,reference` holds for dates up to and including `date`, back to
the line before; `reference` is the raw close of that date. A map line `date,name,...` tells the name under
which a company traded up to and including `date`; the first line of a company is its first date.

References
----------
QuantConnect Lean, `Common/Data/Auxiliary/CorporateFactorRow.cs` and `MapFileRow.cs`.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.data.files import read_columns
from ploutos.types import DataError, one_of

KINDS = ("factor_files", "map_files")
FACTOR_FIELDS = ("price_factor", "split_factor", "reference")
LARGEST_DENOMINATOR = 20


def read_lines(path: str | Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the factor lines and the map lines of a Parquet file with the columns `kind`, `ticker`, `line`.

    Returns
    -------
    factors : `ticker`, `date`, `price_factor`, `split_factor`, `reference`.
    maps : `ticker`, `date`, `name` (in capitals); `ticker` is the company's permanent one.

    Both sorted by (ticker, date).
    """
    lines = read_columns(path, ("kind", "ticker", "line"))
    unknown = lines.filter(~pl.col("kind").is_in(KINDS))
    if not unknown.is_empty():
        raise one_of(f"{path}: kind", str(unknown["kind"][0]), KINDS)
    fields = pl.col("line").str.split(",").list
    date = fields.get(0).str.to_date("%Y%m%d", strict=False)
    lines = lines.with_columns(date=date)
    numbers = [
        fields.get(n + 1, null_on_oob=True).cast(pl.Float64, strict=False).alias(name)
        for n, name in enumerate(FACTOR_FIELDS)
    ]
    factors = lines.filter(pl.col("kind") == KINDS[0]).with_columns(numbers)
    good = pl.col("price_factor").is_finite() & (pl.col("price_factor") > 0)
    good &= (
        pl.col("split_factor").is_finite() & (pl.col("split_factor") > 0) & pl.col("reference").is_finite()
    )
    _check(factors, good, path, "yyyymmdd,price_factor,split_factor,reference")
    name = fields.get(1, null_on_oob=True).str.strip_chars().str.to_uppercase()
    maps = lines.filter(pl.col("kind") == KINDS[1]).with_columns(name=name)
    _check(maps, pl.col("name").str.len_chars() > 0, path, "yyyymmdd,name")
    return (
        factors.select("ticker", "date", *FACTOR_FIELDS).sort("ticker", "date"),
        maps.select("ticker", "date", "name").sort("ticker", "date", maintain_order=True),
    )


def _check(lines: pl.DataFrame, good: pl.Expr, path: str | Path, wanted: str) -> None:
    good = good & pl.col("date").is_not_null()
    bad = lines.filter(~good.fill_null(False))
    if not bad.is_empty():
        raise DataError(f"{path}: {bad['ticker'][0]} has the line '{bad['line'][0]}', must be {wanted}")
    twice = lines.filter(pl.struct("ticker", "date", "line").is_duplicated())
    if not twice.is_empty():
        raise DataError(f"{path}: {twice['ticker'][0]} has the line '{twice['line'][0]}' twice")


def factor_actions(factors: pl.DataFrame, *, split_tolerance: float) -> pl.DataFrame:
    """Return the splits and dividends that the factor lines imply.

    Between a line and the next, with ratios r of their price and s of their split factors: the split is s for
    one, the dividend per share after it `reference x (1 - r) / s`, and the price of one share is to be
    multiplied by `s / r`, exactly as the lines say.

    Returns
    -------
    `ticker`, `date` (of the line: the last date before the action), `split`, `dividend`, `factor`, and
    `line_split`, the split before it was replaced by the simple fraction it stands for.
    """
    following = factors.with_columns(
        pl.col(name).shift(-1).over("ticker").alias(f"next_{name}") for name in FACTOR_FIELDS[:2]
    )
    ratio = pl.col("price_factor") / pl.col("next_price_factor")
    found = following.with_columns(
        ratio=ratio, line_split=pl.col("next_split_factor") / pl.col("split_factor")
    )
    found = found.filter((pl.col("ratio") != 1.0) | (pl.col("line_split") != 1.0))
    bad = found.filter((pl.col("ratio") > 1.0) | ((pl.col("ratio") < 1.0) & (pl.col("reference") <= 0.0)))
    if not bad.is_empty():
        row = bad.row(0, named=True)
        raise DataError(
            f"factor lines: {row['ticker']} on {row['date']} has price factor {row['price_factor']}, then"
            f" {row['next_price_factor']}, reference {row['reference']}; the factor may not fall and the"
            " reference must be above 0"
        )
    split = simple_fraction(found["line_split"].to_numpy(), split_tolerance)
    return found.with_columns(split=split).select(
        "ticker",
        "date",
        "split",
        dividend=pl.col("reference") * (1.0 - pl.col("ratio")) / pl.col("split"),
        factor=pl.col("line_split") / pl.col("ratio"),
        line_split="line_split",
    )


def simple_fraction(ratio: npt.NDArray[np.float64], tolerance: float) -> npt.NDArray[np.float64]:
    """Return p/q (or q/p for a ratio below 1) with the smallest q up to 20 within the relative `tolerance`.

    Factor lines are rounded: Apple's 7:1 split reads 0.25 / 0.03571430 = 6.9999972, which would leave a
    holder of 100 shares with 699. A ratio without such a fraction near it stays as it is.
    """
    large = np.maximum(ratio, 1.0 / ratio)
    over, under = large.copy(), np.ones_like(large)
    open_ones = np.full(len(large), tolerance > 0)
    for denominator in range(1, LARGEST_DENOMINATOR + 1):
        whole = np.rint(large * denominator)
        near = open_ones & (np.abs(whole / (large * denominator) - 1.0) <= tolerance)
        over[near], under[near] = whole[near], denominator
        open_ones &= ~near
    return np.where(open_ones | (tolerance == 0), ratio, np.where(ratio < 1.0, under / over, over / under))
