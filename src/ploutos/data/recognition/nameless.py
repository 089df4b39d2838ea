"""Which columns stand for what in a file without names, by what they hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
from polars.exceptions import PolarsError

from ploutos.data.recognition.digits import group_of
from ploutos.data.recognition.moments import held_texts
from ploutos.data.texts.numerals import readable
from ploutos.data.texts.time_formats import CLOCK, formats_of
from ploutos.data.texts.times import read_times
from ploutos.types import DataError

Floats = npt.NDArray[np.float64]

ROWS = 20_000  # rows that are looked at
AGREE = 0.99  # share of the rows in which the highest price must be one and the same column
NEAR = 3.0  # times that the highest price of a bar is at most the lowest
DOUBT = 2.0  # standard errors; how clear it must be that open and close stand the other way round


@dataclass(frozen=True)
class Prices:
    """Columns of the four prices, by name."""

    open: str
    high: str
    low: str
    close: str


def choose_by_values(file: Path, table: pl.DataFrame, taken: Sequence[str]) -> dict[str, str | None]:
    """Return the column of ts, time, ticker, prices and volume; `taken` ones stand for something else.

    Raises
    ------
    DataError
        No column holds times, no four columns hold prices, or more than one choice is possible.
    """
    head = table.head(ROWS)
    free = [name for name in head.columns if name not in taken]
    timely = [name for name in free if _holds(head[name], lambda text: bool(formats_of(text)))]
    clocks = [name for name in free if _holds(head[name], lambda text: CLOCK.match(text) is not None)]
    numeric = {
        name: values
        for name in free
        if name not in timely and name not in clocks and (values := _numbers(head[name])) is not None
    }
    if not timely:
        raise _unnamed(file, "no column holds times")
    texts = [name for name in free if name not in (*timely, *clocks, *numeric) and not _empty(head[name])]
    if len(texts) > 1:
        raise _unnamed(file, f"the ticker may stand in {' or '.join(texts)}; set data.columns.ticker")
    prices = _prices(file, head.columns, numeric, _forward(head[timely[0]]))
    return {
        "ts": timely[0],
        "time": clocks[0] if clocks else None,
        "ticker": texts[0] if texts else None,
        "open": prices.open,
        "high": prices.high,
        "low": prices.low,
        "close": prices.close,
        "volume": _volume(file, head.columns, numeric, prices),
        "adjusted_close": None,
    }


def _prices(file: Path, columns: Sequence[str], numeric: dict[str, Floats], forward: Floats) -> Prices:
    """Return the four columns side by side of which one is always highest and one always lowest."""
    found = []
    for start in range(len(columns) - 3):
        names = columns[start : start + 4]
        if all(name in numeric for name in names):
            chosen = _ranked(names, np.stack([numeric[name] for name in names]))
            if chosen is not None:
                found.append(chosen)
    if not found:
        raise _unnamed(file, "no four columns side by side hold an open, a high, a low and a close")
    if len(found) > 1:
        shown = " or ".join(f"{p.open}, {p.high}, {p.low}, {p.close}" for p in found)
        raise _unnamed(file, f"open, high, low and close may be {shown}")
    prices = found[0]
    if _reversed(numeric[prices.open], numeric[prices.close], forward):
        raise _unnamed(
            file,
            f"{prices.open} follows on {prices.close} of the row before less closely than the other way"
            " round: which one is the open",
        )
    return prices


def _ranked(names: Sequence[str], values: Floats) -> Prices | None:
    """Return the prices among columns [4, T], the first of the other two as the open; None: no prices."""
    known = np.isfinite(values).all(axis=0) & (values > 0).all(axis=0)
    rows = values[:, known]
    if rows.size == 0 or known.mean() < AGREE:
        return None
    highest = (rows >= rows.max(axis=0)).mean(axis=1)
    lowest = (rows <= rows.min(axis=0)).mean(axis=1)
    near = (rows.max(axis=0) <= NEAR * rows.min(axis=0)).mean()
    high, low = int(np.argmax(highest)), int(np.argmax(lowest))
    if high == low or highest[high] < AGREE or lowest[low] < AGREE or near < AGREE:
        return None
    if (highest >= AGREE).sum() > 1 or (lowest >= AGREE).sum() > 1:
        return None
    first, second = (n for n in range(4) if n not in (high, low))
    return Prices(names[first], names[high], names[low], names[second])


def _forward(column: pl.Series) -> Floats:
    """Return for each row but the first 1 if its time is later than that of the row before, -1 if earlier."""
    plain = held_texts(column)
    for format in formats_of(plain.drop_nulls()[0]):
        try:
            found = read_times(plain, format, where="").cast(pl.Datetime("us"), strict=False)
        except (DataError, PolarsError):
            continue
        if found.null_count() == plain.null_count():
            return found.diff().dt.total_microseconds().sign().fill_null(0).to_numpy().astype(float)[1:]
    return np.zeros(max(len(plain) - 1, 0))


def _reversed(first: Floats, second: Floats, forward: Floats) -> bool:
    """Return whether `second` follows on `first` of the bar before more closely than the other way round."""
    ahead = np.abs(np.log(first[1:] / second[:-1])) - np.abs(np.log(second[1:] / first[:-1]))
    behind = np.abs(np.log(first[:-1] / second[1:])) - np.abs(np.log(second[:-1] / first[1:]))
    gaps = np.where(forward > 0, ahead, behind)[forward != 0]
    gaps = gaps[np.isfinite(gaps)]
    if len(gaps) < 3:
        return False
    error = float(gaps.std()) / np.sqrt(len(gaps))
    return bool(gaps.mean() > DOUBT * error > 0)


def _volume(file: Path, columns: Sequence[str], numeric: dict[str, Floats], prices: Prices) -> str | None:
    """Return the column right behind the prices, if it holds numbers that are no prices."""
    places = [columns.index(name) for name in (prices.open, prices.high, prices.low, prices.close)]
    behind = max(places) + 1
    if behind >= len(columns) or columns[behind] not in numeric:
        return None
    ratio = numeric[columns[behind]] / numeric[prices.close]
    if np.nanmean((ratio > 0.1) & (ratio < 10)) > AGREE:
        raise _unnamed(file, f"{columns[behind]} may be an adjusted close or a volume")
    return columns[behind]


def _numbers(column: pl.Series) -> Floats | None:
    """Return the column's numbers in the first style that reads all, None where none does."""
    group = group_of([column])
    if not group.examples.len() or not group.readings:
        return None
    return readable(held_texts(column), group.readings[0].style).to_numpy()


def _holds(column: pl.Series, looks: object) -> bool:
    texts = held_texts(column).drop_nulls().head(50)
    return bool(texts.len()) and all(looks(text) for text in texts)  # type: ignore[operator]


def _empty(column: pl.Series) -> bool:
    return held_texts(column).null_count() == column.len()


def _unnamed(file: Path, why: str) -> DataError:
    return DataError(
        f"{file} has no names of columns, and {why}; they are column_1, column_2, ...: name them in"
        " data.columns"
    )
