"""Times as counts since 1970-01-01 UTC, in units that a file may mix."""

from typing import Literal

import polars as pl

from ploutos.types import DataError

Unit = Literal["s", "ms", "us", "ns"]
PER_SECOND: dict[Unit, int] = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
FORMATS: dict[str, Unit | None] = {
    "epoch": None,
    "%s": None,
    **{f"epoch_{unit}": unit for unit in PER_SECOND},
}
"""Formats of `ts_format` and their unit; None: told by each number's size."""

EARLIEST, LATEST = 100_000_000, 4_102_444_800
"""Seconds, 1973-03-03 and 2100-01-01: within them the units are told apart by size alone."""

DIGITS = r"^-?\d+(?:\.\d*)?$"


def epochs(text: pl.Series, format: str, *, where: str) -> pl.Series:
    """Return UTC times of texts that are counts; null for the others, and for null.

    Parameters
    ----------
    format : a key of `FORMATS`. Without a unit every number is read in the unit that puts it between
        `EARLIEST` and `LATEST`: these ranges of s, ms, us and ns do not touch.

    Raises
    ------
    DataError
        A number that is in none of them, where no unit is given: it may be a date before 1973 in several.
    """
    plain = text.str.strip_chars()
    counts = plain.filter(plain.str.contains(DIGITS).fill_null(False))
    rows = plain.str.contains(DIGITS).fill_null(False).arg_true()
    unit = FORMATS[format]
    micros = _micros(counts, unit) if unit is not None else _by_size(counts, text, rows, where)
    found = pl.Series(text.name, [None] * text.len(), dtype=pl.Int64)
    return found.scatter(rows, micros).cast(pl.Datetime("us", "UTC"))


def is_epoch(text: str) -> bool:
    """Return whether `text` is a count that one unit puts between 1973 and 2100."""
    whole = text.strip().partition(".")[0]
    if not whole.isdigit():
        return False
    return any(EARLIEST * per <= int(whole) < LATEST * per for per in PER_SECOND.values())


def _micros(counts: pl.Series, unit: Unit) -> pl.Series:
    """Return microseconds; fractions of a unit are read to the microsecond, never through a float."""
    whole = counts.str.extract(r"^(-?\d+)").cast(pl.Int64, strict=False)
    per = PER_SECOND[unit]
    if per > 1_000_000:
        return whole // (per // 1_000_000)
    places = {"s": 6, "ms": 3, "us": 0}[unit]
    scaled = whole * (1_000_000 // per)
    if not places:
        return scaled
    digits = counts.str.extract(r"\.(\d+)").fill_null("").str.slice(0, places).str.pad_end(places, "0")
    sign = pl.select(pl.when(counts.str.starts_with("-")).then(-1).otherwise(1)).to_series()
    return scaled + sign * digits.cast(pl.Int64)


def _by_size(counts: pl.Series, text: pl.Series, rows: pl.Series, where: str) -> pl.Series:
    whole = counts.str.extract(r"^(-?\d+)").cast(pl.Int64, strict=False)
    found = pl.Series([None] * counts.len(), dtype=pl.Int64)
    for unit, per in PER_SECOND.items():
        inside = (whole >= EARLIEST * per) & (whole < min(LATEST * per, 2**63 - 1))
        chosen = inside.fill_null(False).arg_true()
        found = found.scatter(chosen, _micros(counts.gather(chosen), unit))
    lost = found.is_null().arg_true()
    if lost.len():
        row = int(rows[int(lost[0])])
        raise DataError(
            f"{where} is '{text[row]}' in row {row + 1}: not a time from 1973 to 2099 in s, ms, us or ns;"
            " set data.columns.ts_format to epoch_s, epoch_ms, epoch_us or epoch_ns"
        )
    return found
