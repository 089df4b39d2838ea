"""Whatever is written in one way is read as it was meant, or refused: never as something else."""

from datetime import date, datetime, timedelta

import polars as pl
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ploutos.data.recognition.digits import STYLES, recognise_numerals
from ploutos.data.recognition.layout import Format
from ploutos.data.recognition.moments import recognise_format
from ploutos.data.texts.numerals import numbers
from ploutos.data.texts.times import times
from ploutos.types import DataError

SIGNS = {"none": "", "point": ".", "comma": ",", "space": " ", "apostrophe": "'", "underscore": "_"}
OPEN = Format(**dict.fromkeys(Format.model_fields, "auto"))
FORMATS = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%m-%d-%Y",
    "%d-%m-%Y",
    "%d.%m.%Y",
    "%Y.%m.%d",
    "%Y%m%d",
    "%m/%d/%y",
    "%d/%m/%y",
    "%d.%m.%y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%b %d, %Y",
    "%d %B %Y",
    "%A, %d %B %Y",
]
CLOCKS = ["", " %H:%M", " %H:%M:%S", "T%H:%M:%SZ", " %I:%M %p", " %H%M%S", " %H:%M:%S.%f", " %H:%M +00:00"]
SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150)


def written(number, style, digits):
    """Write a number of `digits` decimals under a style, with nothing of the project."""
    text = f"{number:,.{digits}f}".translate(str.maketrans({",": "T", ".": "D"}))
    return text.replace("T", SIGNS[style.thousands]).replace("D", SIGNS[style.decimal])


@SLOW
@given(
    style=st.sampled_from(STYLES),
    digits=st.integers(0, 4),
    units=st.lists(st.integers(1, 10**8), min_size=1, max_size=30),
    shares=st.lists(st.integers(0, 10**8), min_size=1, max_size=30),
    grouped=st.sampled_from(["not", "as prices", "by the sign of fractions"]),
)
@example(style=STYLES[0], digits=3, units=[1234], shares=[7], grouped="not")
@example(style=STYLES[0], digits=2, units=[9753], shares=[648127], grouped="by the sign of fractions")
def test_numbers(style, digits, units, shares, grouped):
    """Volumes are grouped as prices are, or not, or by the very sign that stands before their fractions."""
    prices = [unit / 10**digits for unit in units]
    texts = pl.Series([written(price, style, digits) for price in prices])
    between = {"not": "none", "as prices": style.thousands, "by the sign of fractions": style.decimal}[
        grouped
    ]
    volumes = pl.Series([f"{share:,}".replace(",", SIGNS[between]) for share in shares])
    columns = dict.fromkeys(("open", "high", "low", "close"), texts)
    try:
        price, volume, why = recognise_numerals(columns, volumes, [], OPEN, where="f.csv")
    except DataError as refused:
        assert "set data.format." in str(refused)
        return
    if why and between == "none" != style.thousands:
        return  # prices in groups beside volumes without: by no one hand, and told
    assert numbers(texts, where="f", numerals=price).to_list() == [float(f"{p:.{digits}f}") for p in prices]
    assert numbers(volumes, where="f", numerals=volume).to_list() == [float(share) for share in shares]


@SLOW
@given(
    number=st.integers(1000, 10**9),
    digits=st.integers(1, 4),
    style=st.sampled_from(STYLES),
)
def test_a_fraction_that_is_no_group_of_three_is_never_refused(number, digits, style):
    texts = pl.Series([written(number / 10**digits, style, digits), written(number / 100, style, 2)])
    columns = dict.fromkeys(("open", "high", "low", "close"), texts)
    price, _, _ = recognise_numerals(columns, None, [], OPEN, where="f.csv")
    found = numbers(texts, where="f", numerals=price).to_list()
    assert found == [float(f"{number / 10**digits:.{digits}f}"), float(f"{number / 100:.2f}")]


@SLOW
@given(
    format=st.sampled_from(FORMATS),
    clock=st.sampled_from(CLOCKS),
    start=st.dates(date(1995, 1, 1), date(2029, 1, 1)),
    gaps=st.lists(st.integers(1, 5), max_size=30),
)
def test_dates(format, clock, start, gaps):
    days = [start]
    for gap in gaps:
        days.append(days[-1] + timedelta(days=gap))
    moments = [datetime(day.year, day.month, day.day, 9 + n % 8, 30) for n, day in enumerate(days)]
    texts = pl.Series([at.strftime(format + clock) for at in moments])
    try:
        found = recognise_format(texts, where="f.csv: ts")
    except DataError as refused:
        assert format in ("%m/%d/%Y", "%d/%m/%Y", "%m-%d-%Y", "%d-%m-%Y", "%m/%d/%y", "%d/%m/%y", "%d.%m.%y")
        assert "set data.columns.ts_format" in str(refused)
        if format.endswith("%Y"):  # a day above 12 leaves nothing in doubt
            assert all(day.day <= 12 for day in days)
        return
    read = times(texts, found, where="f.csv: ts").to_list()
    plain = [at.replace(tzinfo=None) if isinstance(at, datetime) else at for at in read]
    assert plain == (moments if clock else days)


@SLOW
@given(
    seconds=st.lists(st.integers(100_000_000, 4_102_444_799), min_size=1, max_size=20),
    powers=st.lists(st.sampled_from([0, 3, 6, 9]), min_size=20, max_size=20),
)
def test_counts(seconds, powers):
    texts = pl.Series([f"{second}{'0' * power}" for second, power in zip(seconds, powers, strict=False)])
    found = times(texts, recognise_format(texts, where="f"), where="f")
    assert (found.dt.timestamp("us") // 1_000_000).to_list() == seconds
