"""Times and numbers that a file holds as text."""

import polars as pl

from ploutos.types import DataError

MISSING = ("", "null", "none", "nan", "na", "n/a", "-")
"""Texts in a column of numbers that stand for no number, in any case of letters."""

TIMES = ("%H", "%I", "%k", "%l", "%T", "%R", "%r", "%X", "%c", "%s", "%+")
"""What makes a format one of date-times."""

DATE = r"^\d{4}-?\d{2}-?\d{2}$"
DATE_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?"
ZONE = r"(Z|[+-]\d{2}:?\d{2})$"


def times(text: pl.Series, format: str | None, *, where: str) -> pl.Series:
    """Return dates or date-times; a text that is neither becomes null, for the quality rules to tell.

    Parameters
    ----------
    format : as Polars has it, such as "%m/%d/%Y"; None: ISO 8601, with a zone (then UTC) or without.
    where : file and column, for errors.

    Raises
    ------
    DataError
        No text is a time, or some carry a zone and some do not. 02/03/2024 is never guessed at.
    """
    found = _iso(text, where) if format is None else _formatted(text, format)
    if text.len() > text.null_count() and found.null_count() == found.len():
        wanted = (
            "an ISO date or date-time; set columns.ts_format" if format is None else f"as '{format}' says"
        )
        raise DataError(f"{where} is '{text.drop_nulls()[0]}', must be {wanted}")
    return found


def numbers(text: pl.Series, *, where: str) -> pl.Series:
    """Return numbers; raise `DataError` naming the first text that is none."""
    plain = text.str.strip_chars()
    found = plain.cast(pl.Float64, strict=False)
    wrong = text.filter(found.is_null() & ~plain.fill_null("").str.to_lowercase().is_in(MISSING))
    if not wrong.is_empty():
        raise DataError(f"{where} is '{wrong[0]}', must be a number")
    return found


def _formatted(text: pl.Series, format: str) -> pl.Series:
    if not any(directive in format for directive in TIMES):
        return text.str.to_date(format, strict=False)
    return text.str.to_datetime(format, time_unit="us", strict=False)


def _iso(text: pl.Series, where: str) -> pl.Series:
    plain = text.str.strip_chars()
    dates = plain.str.contains(DATE)
    zoned = plain.str.contains(DATE_TIME + ZONE)
    naive = plain.str.contains(DATE_TIME + "$")
    if zoned.any() and (naive.any() or dates.any()):
        raise DataError(f"{where}: some times carry a zone, as '{text.filter(zoned)[0]}', and some do not")
    days = (
        plain.str.replace_all("-", "").set(~dates.fill_null(False), None).str.to_date("%Y%m%d", strict=False)
    )
    if not (zoned.any() or naive.any()):
        return days
    whole = plain.str.replace(" ", "T").str.replace(r"T(\d{2}:\d{2})(Z|[+-]|$)", r"T${1}:00${2}")
    if zoned.any():
        offsets = whole.str.replace("Z$", "+00:00").str.replace(r"([+-]\d{2})(\d{2})$", "${1}:${2}")
        return offsets.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", strict=False)
    moments = whole.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
    return pl.select(pl.coalesce(moments, days.cast(pl.Datetime("us")))).to_series().alias(text.name)
