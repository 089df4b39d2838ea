"""Times that a file holds as text."""

import polars as pl
from polars.exceptions import PanicException, PolarsError

from ploutos.data.texts.epochs import FORMATS, epochs
from ploutos.data.texts.numerals import MISSING
from ploutos.data.texts.time_formats import TIMES, check_format, formats_of
from ploutos.types import ConfigError, DataError

DATE = r"^\d{4}-?\d{2}-?\d{2}$"
DATE_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?"
YEARS = (1800, 2100)
"""The years that a format must read to be thought of."""
ZONE = r"(Z|[+-]\d{2}:?\d{2})$"


def times(text: pl.Series, format: str | None, *, where: str) -> pl.Series:
    """Return dates or date-times; null for null and the texts of `MISSING`.

    Parameters
    ----------
    format : as Polars has it, such as "%m/%d/%Y"; "epoch" or "%s": a count since 1970 whose size tells its
        unit, "epoch_ms" and the like: in that unit; None: ISO 8601, with a zone (then UTC) or without.
    where : file and column, for errors.

    Raises
    ------
    DataError
        A text is no such time, or some carry a zone and some do not. 02/03/2024 is never guessed at.
    ConfigError
        The format tells no date.
    """
    plain = text.str.strip_chars()
    absent = plain.str.to_lowercase().is_in(MISSING)
    plain = plain.set(absent.fill_null(False), None)
    found = read_times(plain, format, where=where)
    wrong = found.is_null() & plain.is_not_null()
    if wrong.any():
        row = int(wrong.arg_true()[0])
        raise DataError(
            f"{where} is '{text[row]}' in row {row + 1}, must be {_wanted(format)}; {_fits(plain[row])}"
        )
    return found.alias(text.name)


def read_times(plain: pl.Series, format: str | None, *, where: str) -> pl.Series:
    """Return the times of stripped texts, null where a text is none; parameters as `times`."""
    if format is None:
        return _iso(plain, where)
    if format in FORMATS:
        return epochs(plain, format, where=where)
    return _formatted(plain, format)


def fits(text: str) -> list[str]:
    """Return "format: what it reads" of the formats that read `text`, ISO 8601 as such."""
    found = []
    for format in formats_of(text):
        try:
            value = read_times(pl.Series([text.strip()]), format, where="")[0]
        except (DataError, PolarsError):
            continue
        if value is not None and YEARS[0] <= value.year <= YEARS[1]:
            shown = value.isoformat(sep=" ") if hasattr(value, "hour") else value.isoformat()
            found.append(f"{'ISO 8601' if format is None else format} reads {shown}")
    return found


def _wanted(format: str | None) -> str:
    return "an ISO date or date-time" if format is None else f"as '{format}' says"


def _fits(text: str) -> str:
    told = fits(text)
    if not told:
        return "no known format of times fits it"
    return f"set data.columns.ts_format: {', '.join(told)}"


def _formatted(text: pl.Series, format: str) -> pl.Series:
    check_format(format)
    dated_only = not any(directive in format for directive in TIMES)
    if format.endswith("%z"):
        text = _offsets(text)
    try:
        if dated_only:
            return text.str.to_date(format, strict=False)
        return text.str.to_datetime(format, time_unit="us", strict=False)
    except (PolarsError, PanicException) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(
            f"data.columns.ts_format: '{format}' cannot be read: {reason}; see strftime"
        ) from error


def _offsets(text: pl.Series) -> pl.Series:
    """Write every zone as an offset behind a space: Z, UTC, GMT+0100, +01, +0100 and +01:00."""
    named = text.str.replace(r"\s?(?:Z|UTC|GMT)$", " +00:00").str.replace(
        r"\s?(?:UTC|GMT)?\s?([+-]\d{2}):?(\d{2})$", " ${1}:${2}"
    )
    return named.str.replace(r"\s?(?:UTC|GMT)?\s?([+-]\d{2})$", " ${1}:00")


def _iso(plain: pl.Series, where: str) -> pl.Series:
    dates = plain.str.contains(DATE)
    zoned = plain.str.contains(DATE_TIME + ZONE)
    naive = plain.str.contains(DATE_TIME + "$")
    if zoned.any() and (naive.any() or dates.any()):
        raise DataError(f"{where}: some times carry a zone, as '{plain.filter(zoned)[0]}', and some do not")
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
    return pl.select(pl.coalesce(moments, days.cast(pl.Datetime("us")))).to_series().alias(plain.name)
