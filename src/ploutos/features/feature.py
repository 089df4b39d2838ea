"""One declared feature, and the base columns that all of them share."""

from dataclasses import dataclass

import polars as pl

from ploutos.features.window import age, lag


@dataclass(frozen=True)
class Feature:
    """A named column.

    Attributes
    ----------
    name : column name; a number in it is a window in bars of the ticker itself (gaps do not count).
    value : expression over the bar columns, the base columns and windows of them (`features.window`).
    history : rows of the ticker that must precede the first row with a value.
    ranked : the column shows where `value` stands among all tickers at the same time.
    """

    name: str
    value: pl.Expr
    history: int
    ranked: bool = False


OPEN, HIGH, LOW, CLOSE = (pl.col(name) for name in ("open", "high", "low", "close"))
TRADED = pl.col("_traded")


def with_base(frame: pl.DataFrame) -> pl.DataFrame:
    """Add the base columns to bars sorted by (ticker, ts); a missing number becomes NaN.

    `_return` is the log return of one bar, `_true_range` log(max(high, last close) / min(low, last close));
    both, and what is made of them, need one earlier row. `_traded` is close x volume in quote currency.
    """
    numbers = pl.col("open", "high", "low", "close", "volume").cast(pl.Float64).fill_null(float("nan"))
    last, move = lag(CLOSE, 1), pl.col("_return")
    top = pl.when(last > HIGH).then(last).otherwise(HIGH)
    bottom = pl.when(last < LOW).then(last).otherwise(LOW)
    return (
        frame.with_columns(numbers, _age=age())
        .with_columns(
            _return=(CLOSE / last).log(),
            _true_range=(top / bottom).log() + 0.0 * last,  # NaN without a last close
            _traded=CLOSE * pl.col("volume"),
        )
        .with_columns(
            _move=move.abs(),
            _square=move * move,
            _fall_square=pl.when(move < 0).then(move * move).otherwise(0.0 * move),
            _flow=TRADED * move.sign(),
        )
    )
