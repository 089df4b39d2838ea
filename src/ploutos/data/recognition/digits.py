"""Which signs stand before the fraction and between the thousands."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import polars as pl

from ploutos.data.recognition.layout import AUTO, Auto, Format
from ploutos.data.recognition.moments import held_texts
from ploutos.data.texts.numerals import PLAIN, SIGNS, Decimal, Numerals, Thousands, marks, readable
from ploutos.types import DataError

DECIMALS: tuple[Decimal, ...] = ("point", "comma")
BETWEEN: tuple[Thousands, ...] = ("none", "comma", "point", "space", "apostrophe", "underscore")
STYLES = tuple(
    Numerals(decimal=decimal, thousands=between)
    for between, decimal in product(BETWEEN, DECIMALS)
    if decimal != between
)
"""Plain ones first: of styles that read the same numbers the first is taken."""

UNGROUPED = r"(?:^|[^\d.,])\d{4,}"


@dataclass(frozen=True)
class Reading:
    """A style that reads all texts of a group, and what it makes of them."""

    style: Numerals
    values: pl.Series


@dataclass(frozen=True)
class Group:
    """Texts of one kind, each way of writing once; their readings, one of each that gives other numbers."""

    examples: pl.Series
    readings: tuple[Reading, ...]

    def has(self, word: str) -> bool:
        """Return whether some text holds the sign between digits that `word` names."""
        sign = SIGNS[word]
        pattern = rf"\d{sign if len(sign) > 1 else f'[{sign}]'}\d" if sign else "$^"
        return bool(self.examples.str.contains(pattern).any())


def group_of(
    columns: Sequence[pl.Series], decimal: Decimal | Auto = AUTO, thousands: Thousands | Auto = AUTO
) -> Group:
    """Return the ways in which the texts of some columns are written, and the styles that read all.

    Where `decimal` or `thousands` is set, only styles that have it.
    """
    plain = pl.concat([held_texts(column).alias("text") for column in columns]).drop_nulls()
    # A zero in front is no group of three digits: it tells the signs apart, so it is kept.
    shape = plain.str.replace(r"^(\D*)0", "${1}z").str.replace_all(r"\d", "9")
    examples = pl.DataFrame({"text": plain, "shape": shape}).unique(
        "shape", keep="first", maintain_order=True
    )
    texts = examples["text"]
    readings: list[Reading] = []
    for style in STYLES:
        if decimal not in (AUTO, style.decimal) or thousands not in (AUTO, style.thousands):
            continue
        values = readable(texts, style)
        if values.null_count() or any(values.equals(known.values) for known in readings):
            continue
        readings.append(Reading(style, values))
    return Group(texts, tuple(readings))


def recognise_numerals(
    prices: dict[str, pl.Series],
    volume: pl.Series | None,
    others: Sequence[pl.Series],
    format: Format,
    *,
    where: str,
) -> tuple[Numerals, Numerals, list[str]]:
    """Return the signs in prices and in volumes, and why.

    Parameters
    ----------
    prices : high and low among them, all written alike.
    volume : None where there is none.
    format : what is set; only what is `auto` is recognised.
    others : further columns of the file, which tell whether its numbers carry a sign between thousands.

    Raises
    ------
    DataError
        No style reads all texts, or two do, with what each reads.
    """
    told: list[str] = []
    group = group_of(list(prices.values()), format.decimal, format.thousands)
    shares = None if volume is None else group_of([volume], format.volume_decimal, format.volume_thousands)
    _check_marks(group, shares, where)
    left = group.readings
    if not left:
        raise _unreadable(prices, group.examples, where)
    if len(left) > 1 and shares is not None and len(shares.readings) == 1:
        left = _consistent(left, group, shares, strict=True) or left
    if len(left) > 1:
        left = _ordered(left, prices) or left
    if len(left) > 1 and _ungrouped([*others, *([] if volume is None else [volume])]):
        plain = tuple(r for r in left if r.style == PLAIN)
        if plain and not group.has("comma"):
            left = plain
            told.append("numbers of four digits carry no sign between, so the point stands before fractions")
    price = _single(left, group, where, "prices", "")
    if volume is None or shares is None:
        return price, price, told
    return price, _in_volumes(volume, shares, Group(group.examples, _chosen(left, price)), where), told


def _in_volumes(volume: pl.Series, shares: Group, prices: Group, where: str) -> Numerals:
    """Return the signs in volumes beside prices whose only reading is known."""
    if not shares.readings:
        raise _unreadable({"volume": volume}, shares.examples, where)
    own = shares.readings
    if len(own) > 1:
        # 1.234M is no number of shares with a point between: its sign means what it means in prices.
        signed = shares.examples.filter(shares.examples.str.contains(r"\d[.,]\d"))
        strict = bool(signed.str.contains(r"\d\s*[A-Za-z]").all())
        own = _consistent(own, shares, prices, strict=strict) or own
    return _single(own, shares, where, "volumes", "volume_")


def _chosen(readings: Sequence[Reading], style: Numerals) -> tuple[Reading, ...]:
    return tuple(reading for reading in readings if reading.style == style)


def _consistent(
    readings: Sequence[Reading], group: Group, other: Group, *, strict: bool
) -> tuple[Reading, ...]:
    """Return the readings in which a sign means what it means in the other group.

    Volumes are whole numbers: 648.127 beside prices such as 97.53 may still be 648 127, so that a sign that
    is decimal in prices is only `strict`ly decimal in them.
    """
    style = other.readings[0].style
    kept = []
    for reading in readings:
        own = reading.style
        if group.has(own.decimal) and own.decimal == style.thousands and other.has(style.thousands):
            continue
        if group.has(own.decimal) and own.decimal != style.decimal and other.has(style.decimal):
            continue
        if (
            strict
            and group.has(own.thousands)
            and own.thousands == style.decimal
            and other.has(style.decimal)
        ):
            continue
        kept.append(reading)
    return tuple(kept)


def _ordered(readings: Sequence[Reading], prices: dict[str, pl.Series]) -> tuple[Reading, ...]:
    """Return the readings without a low above its high, where others have one."""
    wrong = {}
    for reading in readings:
        high, low = (readable(held_texts(prices[name]), reading.style) for name in ("high", "low"))
        wrong[reading.style] = int((low > high).sum())
    return (
        tuple(r for r in readings if wrong[r.style] == min(wrong.values()) == 0)
        if max(wrong.values())
        else ()
    )


def _ungrouped(columns: Sequence[pl.Series]) -> bool:
    return any(column.str.contains(UNGROUPED).any() for column in columns)


def _single(readings: Sequence[Reading], group: Group, where: str, called: str, prefix: str) -> Numerals:
    if len(readings) == 1:
        return readings[0].style
    first, second = readings[:2]
    place = int((first.values != second.values).arg_true()[0])
    shown = [f"{r.values[place]:,.10g} ({_told(r.style, prefix)})".replace(",", " ") for r in (first, second)]
    raise DataError(
        f"{where}: {called} such as '{group.examples[place]}' are {' or '.join(shown)}; set"
        f" data.format.{prefix}decimal and data.format.{prefix}thousands"
    )


def _told(style: Numerals, prefix: str) -> str:
    return f"{prefix}decimal={style.decimal} {prefix}thousands={style.thousands}"


def _unreadable(columns: dict[str, pl.Series], texts: pl.Series, where: str) -> DataError:
    """Name the first text that the style which reads most of them does not read."""
    counts = {style: readable(texts, style).null_count() for style in STYLES}
    best = min(counts, key=lambda style: counts[style])
    for role, column in columns.items():  # noqa: B007
        plain = held_texts(column)
        wrong = (readable(plain, best).is_null() & plain.is_not_null()).arg_true()
        if wrong.len():
            row = int(wrong[0])
            break
    return DataError(
        f"{where}: {role} is '{column[row]}' in row {row + 1}, must be a number; most others are, with"
        f" {best.told()}; see data.format"
    )


def _check_marks(prices: Group, volume: Group | None, where: str) -> None:
    """Refuse prices of several currencies, or of which some are percents, and volumes in money."""
    found = marks(prices.examples)
    signs = [mark for mark in found if mark]
    if len(signs) > 1 or ("%" in signs and "" in found):
        raise DataError(f"{where}: prices carry several signs, {', '.join(m or 'none' for m in found)}")
    money = [] if volume is None else [mark for mark in marks(volume.examples) if mark]
    if money:
        raise DataError(
            f"{where}: the volume is in {money[0]}, which is no number of shares; set data.columns.volume to"
            " another column, or null"
        )
