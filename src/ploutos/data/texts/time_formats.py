"""The formats that may stand behind a text that looks like a time."""

import re
from dataclasses import dataclass

from ploutos.data.texts.epochs import is_epoch
from ploutos.types import ConfigError

SHORTEST, LONGEST = 6, 60  # signs of a time

MONTH = r"[A-Za-z]{3,9}\.?"
ZONE = r"(?P<zone>\s?(?:Z|UTC|GMT)?\s?(?:[+-]\d{2}(?::?\d{2})?)?)"
CLOCK = re.compile(
    r"(?P<h>\d{1,2}):(?P<m>\d{2})(?P<s>:\d{2})?(?P<f>[.,]\d+)?(?P<p>\s?[AaPp]\.?[Mm]\.?)?" + ZONE + "$"
)
COMPACT = re.compile(r"(?P<digits>\d{6}|\d{4})" + ZONE + "$")

DIRECTIVES = set("YCymbBhdejaAuwGgVUWDxFvHkIlPpMSfTRrXcZzs+n.3t69#:qL") | {"%"}
WHOLE_DATES = ("%F", "%D", "%x", "%v", "%c", "%+", "%s")
TIMES = ("%H", "%I", "%k", "%l", "%T", "%R", "%r", "%X", "%c", "%s", "%+")
"""What makes a format one of date-times."""


@dataclass(frozen=True)
class Shape:
    """A way to write a date: a pattern and the formats that it may have."""

    pattern: re.Pattern[str]
    formats: tuple[str, ...]


def _shape(pattern: str, *formats: str) -> Shape:
    return Shape(re.compile(pattern), formats)


SHAPES = (
    _shape(r"\d{4}-\d{1,2}-\d{1,2}", "%Y-%m-%d"),
    _shape(r"\d{4}/\d{1,2}/\d{1,2}", "%Y/%m/%d"),
    _shape(r"\d{4}\.\d{1,2}\.\d{1,2}\.?", "%Y.%m.%d"),
    _shape(r"\d{4}年\d{1,2}月\d{1,2}日", "%Y年%m月%d日"),
    _shape(r"\d{1,2}/\d{1,2}/\d{4}", "%m/%d/%Y", "%d/%m/%Y"),
    _shape(r"\d{1,2}-\d{1,2}-\d{4}", "%m-%d-%Y", "%d-%m-%Y"),
    # No country writes the month first with points between.
    _shape(r"\d{1,2}\.\d{1,2}\.\d{4}", "%d.%m.%Y"),
    _shape(r"\d{1,2}\. \d{1,2}\. \d{4}", "%d. %m. %Y"),
    _shape(r"\d{1,2}/\d{1,2}/\d{2}", "%m/%d/%y", "%d/%m/%y", "%y/%m/%d"),
    _shape(r"\d{1,2}-\d{1,2}-\d{2}", "%m-%d-%y", "%d-%m-%y", "%y-%m-%d"),
    _shape(r"\d{1,2}\.\d{1,2}\.\d{2}", "%d.%m.%y", "%y.%m.%d"),
    _shape(r"\d{8}", "%Y%m%d", "%d%m%Y", "%m%d%Y"),
    *(
        _shape(rf"\d{{1,2}}{sign}{MONTH}{sign}\d{{{n}}}", f"%d{plain}%B{plain}%{year}")
        for sign, plain in (("-", "-"), ("/", "/"), (r"\.", "."), (" ", " "), ("", ""))
        for n, year in ((4, "Y"), (2, "y"))
    ),
    *(
        _shape(rf"{MONTH} \d{{1,2}}{comma} \d{{{n}}}", f"%B %d{comma} %{year}")
        for comma in (",", "")
        for n, year in ((4, "Y"), (2, "y"))
    ),
    *(_shape(rf"\d{{4}}{sign}{MONTH}{sign}\d{{1,2}}", f"%Y{sign}%B{sign}%d") for sign in ("-", "/", " ")),
)
WEEKDAY = re.compile(r"(?P<day>[A-Za-z]{3,9})(?P<join>,? )(?=\S)")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ISO = re.compile(
    r"\d{4}-?\d{2}-?\d{2}$|\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$"
)


def formats_of(text: str) -> tuple[str | None, ...]:
    """Return the formats that may stand behind `text`; None is ISO 8601, "epoch" a count since 1970.

    Empty where it looks like no time. What it looks like is not yet what it is: 13/13/2021 has two formats
    that both do not read it.
    """
    plain = text.strip()
    if not SHORTEST <= len(plain) <= LONGEST:
        return ()
    found: list[str | None] = ["epoch"] if is_epoch(plain) else []
    if ISO.match(plain):
        return (*found, None, *(f for f in _dated(plain) if not f.startswith("%Y")))
    return tuple(dict.fromkeys([*found, *_dated(plain)]))


def _dated(text: str) -> list[str]:
    """Return the formats of dates, alone or with a time behind."""
    prefix = ""
    named = WEEKDAY.match(text)
    if named and named["day"][:3].lower() in WEEKDAYS:
        prefix, text = f"%A{named['join']}", text[named.end() :]
    found = []
    for shape in SHAPES:
        start = shape.pattern.match(text)
        if start is None:
            continue
        rest = text[start.end() :]
        end = "." if start.group().endswith(".") else ""
        clock = clock_format(rest)
        if clock is not None:
            found += [f"{prefix}{date}{end}{clock}" for date in shape.formats]
    return found


def clock_format(rest: str) -> str | None:
    """Return the format of what follows a date, with what stands between; None where it is no time of day."""
    if not rest:
        return ""
    joint = re.match(r"T|,? +(?:- )?(?:at )?|,|-|:|_|", rest)
    assert joint is not None
    clock = rest[joint.end() :]
    between = joint.group().replace("%", "%%")
    found = CLOCK.match(clock)
    if found:
        half = found["p"]
        parts = ["%I" if half else "%H", ":%M", ":%S" if found["s"] else ""]
        parts.append("%.f" if found["f"] and found["s"] else "")
        if half:
            parts.append(" %p" if half[0].isspace() else "%p")
        return between + "".join(parts) + _zone(found["zone"])
    digits = COMPACT.match(clock)
    if digits:
        return between + ("%H%M%S" if len(digits["digits"]) == 6 else "%H%M") + _zone(digits["zone"])
    return None


def _zone(zone: str) -> str:
    return " %z" if zone.strip() else ""


def check_format(format: str) -> None:
    """Refuse a format that tells no date, or no hour without doubt; raises `ConfigError` with the remedy."""
    key = "data.columns.ts_format"
    directives = re.findall(r"%[-_0]?(?:\.\d?f|\df|:z|#z|.)", format)
    known = [d for d in directives if d[-1] in DIRECTIVES]
    unknown = [d for d in directives if d not in known]
    if unknown:
        raise ConfigError(
            f"{key}: '{unknown[0]}' in '{format}' is no directive, such as %Y, %m, %d, %H, %M, %S"
        )
    plain = {f"%{d[-1]}" for d in known}
    month = plain & {"%m", "%b", "%B", "%h"}
    dated = (plain & {"%Y", "%y", "%G"}) and (month or plain & {"%j", "%U", "%W", "%V"})
    if not dated and not plain & set(WHOLE_DATES):
        raise ConfigError(
            f"{key}: '{format}' tells no year and month; write it as %Y-%m-%d, %d/%m/%Y %H:%M, epoch or auto"
        )
    if plain & {"%p", "%P"} and not plain & {"%I", "%l"}:
        remedy = format.replace("%H", "%I").replace("%k", "%l")
        raise ConfigError(f"{key}: '{format}' has AM or PM beside an hour of 24: use '{remedy}'")
    if plain & {"%I", "%l"} and not plain & {"%p", "%P"}:
        remedy = format.replace("%I", "%H").replace("%l", "%k")
        raise ConfigError(f"{key}: '{format}' has an hour of 12 without %p: use '{remedy}', or add %p")
