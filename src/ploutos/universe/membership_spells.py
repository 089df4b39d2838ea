"""Who was in the index on a date, from dated spells."""

from typing import Any

import numpy as np
import polars as pl

from ploutos.data.files import read_columns
from ploutos.data.texts.times import fits
from ploutos.types import DataError, nearest

COLUMNS = ("ticker", "start_date", "end_date")
NEVER = np.iinfo(np.int32).max


class MembershipSpells:
    """A Parquet file of `ticker`, `start_date`, `end_date`: in the index on start_date <= date < end_date.

    The end is exclusive: it is the first date on which the name is out. Published index histories are
    written so: the day on which one name's spell ends is the day on which its successor's begins, and
    counting that day for both would put more names into the index than it has. A null end means still in.
    A name may have several spells. Dates are of type Date, Datetime or ISO text.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        frame = _typed(read_columns(path, COLUMNS), path)
        self._tickers = frame["ticker"].to_numpy()
        self._start = frame["start_date"].to_physical().to_numpy()
        self._end = frame["end_date"].to_physical().fill_null(NEVER).to_numpy()

    def on(self, date: int) -> frozenset[str]:
        """Return the members on `date`, days since 1970-01-01."""
        return frozenset(self._tickers[(self._start <= date) & (date < self._end)])

    def check_overlap(self, tickers: tuple[str, ...]) -> None:
        """Raise `DataError` where no ticker of the file is among `tickers`: the symbols differ in kind."""
        if tickers and not set(tickers) & set(self._tickers):
            name = str(self._tickers[0])
            raise DataError(
                f"{self.path}: none of its tickers has bars, such as '{name}'."
                f" Nearest: '{nearest(name, tickers)}'"
            )


def _typed(raw: pl.DataFrame, path: str) -> pl.DataFrame:
    """Return the spells with the contract's types; refuse nulls, unreadable dates and empty spells."""
    frame = raw.with_columns(
        pl.col("ticker").cast(pl.String), *(_date(raw, name, path) for name in COLUMNS[1:])
    )
    for name in COLUMNS[1:]:
        lost = (frame[name].is_null() & raw[name].is_not_null()).arg_true()
        if lost.len():
            row = int(lost[0])
            told = f"{raw['ticker'][row]}: {name} is '{raw[name][row]}' in row {row + 1}"
            raise DataError(
                f"{path}: the spell of {told}, must be a date (YYYY-MM-DD){_fits(raw[name][row])}"
            )
    _refuse(frame.filter(pl.col("ticker").is_null()), path, "has no ticker")
    _refuse(frame.filter(pl.col("start_date").is_null()), path, "has no start_date (YYYY-MM-DD)")
    empty = pl.col("end_date") <= pl.col("start_date")
    _refuse(frame.filter(empty), path, "ends before it starts; end_date is the first day out")
    return frame


def _date(raw: pl.DataFrame, name: str, path: str) -> pl.Expr:
    column, dtype = pl.col(name), raw.schema[name]
    if dtype == pl.String:
        return column.str.to_date(strict=False)
    if dtype not in (pl.Date, pl.Datetime, pl.Null):
        raise DataError(f"{path}: column '{name}' is {dtype}; it must be Date, Datetime or text YYYY-MM-DD")
    return column.cast(pl.Date)


def _fits(text: object) -> str:
    told = fits(str(text))
    return f"; {', '.join(told)}" if told else ""


def _refuse(bad: pl.DataFrame, path: str, why: str) -> None:
    if bad.height:
        row: dict[str, Any] = bad.row(0, named=True)
        raise DataError(
            f"{path}: the spell of {row['ticker']} from {row['start_date']} to {row['end_date']} {why}"
        )
