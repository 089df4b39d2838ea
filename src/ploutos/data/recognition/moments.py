"""How times are written, and how far apart the bars lie."""

from collections import Counter
from datetime import timedelta

import polars as pl
from polars.exceptions import PolarsError

from ploutos.data.texts.numerals import MISSING
from ploutos.data.texts.time_formats import formats_of
from ploutos.data.texts.times import YEARS, read_times
from ploutos.types import DataError

DAY = 1440  # minutes
LONGEST = 5 * DAY
"""Minutes; bars that lie further apart are longer than a session."""


def held_texts(column: pl.Series) -> pl.Series:
    """Return the stripped texts, null for those that stand for nothing."""
    plain = column.str.strip_chars()
    return plain.set(plain.str.to_lowercase().is_in(MISSING).fill_null(False), None)


def recognise_format(column: pl.Series, *, where: str) -> str | None:
    """Return the format that reads every text; None is ISO 8601.

    Raises
    ------
    DataError
        No format reads all, with the first text that the best one leaves; or several do and disagree, with
        what each reads.
    """
    plain = held_texts(column)
    texts = plain.drop_nulls().unique(maintain_order=True)
    if texts.is_empty():
        raise DataError(f"{where}: no row has a time")
    candidates = _candidates(texts)
    read = {format: found for format in candidates if (found := _read(texts, format)) is not None}
    whole = {format: found for format, found in read.items() if not found.null_count()}
    if not whole:
        if None in candidates:
            read_times(texts, None, where=where)  # refuses times with and without a zone
        raise _none_reads_all(plain, texts, read, where)
    first, *others = _without_far_years(whole)
    for other in others:
        if not _same(whole[first], whole[other]):
            raise _two_readings(plain, texts, whole, first, other, where)
    return first


def recognise_bar_minutes(ts: pl.Series, ticker: pl.Series, *, where: str) -> int | None:
    """Return the minutes of a bar; None is one bar a session.

    Raises
    ------
    DataError
        The bars lie so far or so close together, or so unevenly, that no length is told.
    """
    frame = pl.DataFrame(
        {"ticker": ticker, "ts": ts.cast(pl.Datetime("us", getattr(ts.dtype, "time_zone", None)))}
    )
    frame = frame.drop_nulls().unique().sort("ticker", "ts")
    gaps = frame.select(gap=pl.col("ts").diff().over("ticker").dt.total_microseconds() / 60e6)[
        "gap"
    ].drop_nulls()
    if gaps.is_empty():
        if ts.dtype == pl.Date:
            return None
        raise DataError(f"{where}: one bar does not tell its length; set data.bar_minutes")
    usual = float(gaps.mode().min())  # type: ignore[arg-type]
    shortest = float(gaps.min())  # type: ignore[arg-type]
    if shortest >= LONGEST:
        raise DataError(
            f"{where}: the bars lie {shortest / DAY:g} days or more apart, and a bar lasts a session or less;"
            " set data.bar_minutes=null to take each as the bar of its session"
        )
    if ts.dtype == pl.Date or shortest >= DAY - 90:  # a day is shorter where clocks are advanced
        return None
    if shortest != usual or usual != round(usual):
        raise DataError(
            f"{where}: most bars lie {usual:g} minutes apart, some only {shortest:g}; set data.bar_minutes,"
            " a whole number"
        )
    return int(usual)


def _candidates(texts: pl.Series) -> list[str | None]:
    """Return the formats that some text looks like, those of most ways of writing first."""
    shape = texts.str.replace_all(r"\d", "9").str.replace_all(r"\p{L}", "a")
    examples = pl.DataFrame({"text": texts, "shape": shape}).unique(
        "shape", keep="first", maintain_order=True
    )
    counted = Counter(format for text in examples["text"].head(2000) for format in formats_of(text))
    order = {format: n for n, format in enumerate(counted)}
    return sorted(counted, key=lambda format: (-counted[format], order[format]))


def _read(texts: pl.Series, format: str | None) -> pl.Series | None:
    """Return the times, null where the format does not read one or reads an impossible year."""
    try:
        found = read_times(texts, format, where="")
    except (DataError, PolarsError):
        return None
    return found.set(~found.dt.year().is_between(*YEARS).fill_null(False), None)


def _without_far_years(whole: dict[str | None, pl.Series]) -> list[str | None]:
    """Leave out readings of two-digit years by which bars lie years apart, where the year may be elsewhere.

    04.01.21, 05.01.21: whoever reads the day first has days, whoever reads the year first has years.
    """
    near = {
        format: found.unique().sort().diff().min() < timedelta(minutes=LONGEST)  # type: ignore[operator]
        for format, found in whole.items()
        if found.n_unique() > 1
    }
    kept = [
        format
        for format in whole
        if near.get(format, True)
        or not any(near[other] and _year_first(other) != _year_first(format) for other in near)
    ]
    return kept


def _year_first(format: str | None) -> bool:
    return (format or "%Y").lower().startswith("%y")


def _same(a: pl.Series, b: pl.Series) -> bool:
    plain = [s.dt.replace_time_zone(None) if isinstance(s.dtype, pl.Datetime) else s for s in (a, b)]
    first, second = (s.cast(pl.Datetime("us")) for s in plain)
    return bool((first == second).all())


def _two_readings(
    plain: pl.Series,
    texts: pl.Series,
    whole: dict[str | None, pl.Series],
    first: str | None,
    other: str | None,
    where: str,
) -> DataError:
    differ = pl.Series(
        [a != b for a, b in zip(whole[first].head(10_000), whole[other].head(10_000), strict=True)]
    ).arg_true()
    place = int(differ[0]) if differ.len() else 0
    text = texts[place]
    row = int((plain == text).arg_max() or 0) + 1
    readings = " or ".join(f"{_shown(whole[format][place])} ({_called(format)})" for format in (first, other))
    return DataError(
        f"{where} is '{text}' in row {row}: {readings}? Every other time can be read both ways as well;"
        f" set data.columns.ts_format"
    )


def _none_reads_all(
    plain: pl.Series, texts: pl.Series, read: dict[str | None, pl.Series], where: str
) -> DataError:
    if not read:
        row = int(plain.is_not_null().arg_max() or 0)
        return DataError(
            f"{where} is '{plain[row]}' in row {row + 1}, which no known format of times fits;"
            " set data.columns.ts_format, such as '%d.%m.%Y %H:%M'"
        )
    # What begins the file tells how it is meant, if it is read at all.
    best = min(read, key=lambda format: (read[format][0] is None, read[format].null_count()))
    left = texts.filter(read[best].is_null())
    text = left[0]
    row = int((plain == text).arg_max() or 0)
    fits = [
        f"{_called(format)} reads {_shown(value)}"
        for format, found in read.items()
        if (value := found[int((texts == text).arg_max() or 0)]) is not None
    ]
    told = ", ".join(fits) or "no known format of times fits it"
    return DataError(
        f"{where} is '{plain[row]}' in row {row + 1}: {told}, while {_called(best)} reads"
        f" {texts.len() - left.len()} of {texts.len()} times; write all times alike, or leave such rows out"
    )


def _called(format: str | None) -> str:
    return "ISO 8601" if format is None else format


def _shown(value: object) -> str:
    return str(value)
