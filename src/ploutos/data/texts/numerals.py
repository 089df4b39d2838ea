"""Numbers that a file holds as text, in the ways people write them."""

import re
from typing import Literal

import polars as pl
from pydantic import BaseModel, ConfigDict

from ploutos.types import DataError

MISSING = ("", "null", "none", "nan", "na", "n/a", "#n/a", "nat", "nd", "n/d", "-", "--", "—", "–", ".")
"""Texts that stand for no value, in any case of letters."""

Decimal = Literal["point", "comma"]
Thousands = Literal["none", "comma", "point", "space", "apostrophe", "underscore"]

SIGNS: dict[str, str] = {
    "none": "",
    "point": ".",
    "comma": ",",
    "space": "[ \u00a0\u2009\u202f]",
    "apostrophe": "['\u2019]",
    "underscore": "_",
}
"""What the words of `Decimal` and `Thousands` stand for, as regular expressions once dots are escaped."""

SUFFIXES: dict[str, int] = {
    **dict.fromkeys(("k", "tsd", "thousand"), 3),
    **dict.fromkeys(("m", "mn", "mln", "mio", "million"), 6),
    **dict.fromkeys(("b", "bn", "bln", "mrd", "mld", "billion"), 9),
    **dict.fromkeys(("t", "tn", "trillion"), 12),
}
"""Powers of ten that a suffix stands for, in any case of letters."""

_WORDS = "|".join(sorted(SUFFIXES, key=len, reverse=True))
_BEFORE = r"(?:[A-Z]{0,3}\p{Sc}|[A-Z]{3}|Rs\.?|kr\.?)"
_AFTER = r"(?:%|\p{Sc}|[A-Z]{3,4}|kr\.?|zł|Kč|Ft)"
_SPACE = "[ \u00a0\u202f]*"
MARK = rf"^[+\-\u2212]?{_SPACE}{_BEFORE}|{_AFTER}$"
"""What stands before or after the digits: a currency or a percent sign."""


class Numerals(BaseModel):
    """The sign before the fraction, and the one between groups of three digits."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decimal: Decimal
    thousands: Thousands

    @property
    def pattern(self) -> str:
        """Return the regular expression of a number without mark and suffix."""
        point, between = _escaped(self.decimal), _escaped(self.thousands)
        whole = r"\d+"
        if between:
            # Of three digits; in India all but the last of two.
            groups = rf"[1-9]\d{{0,2}}(?:{between}\d{{3}})+|[1-9]\d?(?:{between}\d{{2}})+{between}\d{{3}}"
            # Where comma or point may as well be the decimal sign, four digits without one tell them apart.
            single = r"\d{1,3}" if len(between) <= 2 else r"\d+"
            whole = rf"(?:{groups}|{single})"
        return rf"(?:{whole}(?:{point}\d*)?|{point}\d+)(?:[eE][+\-]?\d+)?"

    def told(self) -> str:
        """Return the settings in words."""
        return f"decimal={self.decimal} thousands={self.thousands}"


PLAIN = Numerals(decimal="point", thousands="none")
"""As machines write numbers."""


def numbers(text: pl.Series, *, where: str, numerals: Numerals = PLAIN) -> pl.Series:
    """Return numbers; null for the texts of `MISSING`.

    A currency or percent sign is left out (98.5 % of par is 98.5); K, M, B and T multiply.

    Raises
    ------
    DataError
        Naming the first text that is no number.
    """
    plain = text.str.strip_chars()
    found = plain.cast(pl.Float64, strict=False) if numerals == PLAIN else pl.Series([None] * text.len())
    found = found.cast(pl.Float64).alias(text.name)
    rest = found.is_null() & plain.is_not_null()
    if rest.any():
        left = plain.filter(rest)
        found = found.scatter(rest.arg_true(), readable(left, numerals))
    wrong = found.is_null() & ~plain.fill_null("").str.to_lowercase().is_in(MISSING)
    if wrong.any():
        row = int(wrong.arg_true()[0])
        raise DataError(f"{where} is '{text[row]}' in row {row + 1}, must be a number{_hint(plain[row])}")
    return found


def marks(text: pl.Series) -> list[str]:
    """Return the distinct currency and percent signs of the texts, sorted; "" for a number without one."""
    plain = text.str.strip_chars()
    kept = plain.filter(plain.str.contains(r"\d"))
    found = kept.str.extract_all(rf"{_BEFORE}|{_AFTER}").list.join(" ").unique()
    words = {mark if mark.lower() not in SUFFIXES else "" for mark in found.drop_nulls()}
    return sorted(words)


def readable(plain: pl.Series, numerals: Numerals) -> pl.Series:
    """Return the numbers among stripped texts, null for all others."""
    bare = plain.str.replace("\u2212", "-", literal=True)
    sign = bare.str.extract(r"^\s*(-)").fill_null("")
    bare = bare.str.replace(rf"^[+\-]?{_SPACE}{_BEFORE}?{_SPACE}[+\-]?", "")
    suffix = bare.str.extract(rf"(?i)^[^a-z]*\d[.,]?{_SPACE}({_WORDS})\.?(?:{_SPACE}{_AFTER})?$")
    bare = bare.str.replace(rf"(?i)(\d[.,]?){_SPACE}(?:{_WORDS})\.?({_SPACE}(?-i:{_AFTER}))?$", "${1}")
    bare = bare.str.replace(rf"{_SPACE}{_AFTER}$", "")
    good = bare.str.contains(rf"^(?:{numerals.pattern})$")
    between = _escaped(numerals.thousands)
    digits = bare.str.replace_all(between, "") if between else bare
    if numerals.decimal == "comma":
        digits = digits.str.replace(",", ".", literal=True)
    power = suffix.str.to_lowercase().replace_strict(SUFFIXES, default=0, return_dtype=pl.Int64)
    # The power of ten is written into the number, so that 1.1M is 1100000 to the last bit.
    shifted = pl.select(
        pl.when(power > 0).then(digits + pl.lit("e") + power.cast(pl.String)).otherwise(digits)
    ).to_series()
    return pl.select(pl.when(good).then(sign + shifted)).to_series().cast(pl.Float64, strict=False)


def _escaped(word: str) -> str:
    sign = SIGNS[word]
    return re.escape(sign) if len(sign) == 1 else sign


def _hint(text: str) -> str:
    if re.search(r"\d[.,' \u00a0\u202f]\d", text):
        return "; see data.format for decimal and thousands signs"
    return ""
