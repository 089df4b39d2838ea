"""The small files beside the checkout, read by recognition alone and compared field by field."""

import csv as fields_of
from datetime import date, datetime, timedelta

import pytest

from ploutos.types import ConfigError, DataError

pytestmark = pytest.mark.real_data


def lines(path, delimiter=","):
    with path.open(newline="") as stream:
        return list(fields_of.reader(stream, delimiter=delimiter))


def german(text):
    return float(text.replace(".", "").replace(",", "."))


def bars(source):
    return {row[0]: row[1:] for row in source.load().frame.iter_rows()}


def test_milliseconds_that_turn_into_microseconds_and_a_file_without_names(cases, csv):
    folder = cases / "binance"
    _, *rows = lines(folder / "iso.csv")
    hour = timedelta(hours=1)
    right = {datetime.fromisoformat(r[0]) + hour: tuple(map(float, r[2:])) for r in rows}
    first_half = dict(list(right.items())[:48])
    for name, wanted in (("ms", first_half), ("ms_then_us", right), ("headerless", first_half)):
        found = bars(csv(folder / f"BTCUSDT_{name}.csv", "calendar=always_open"))
        assert {at: row[1:] for at, row in found.items()} == wanted
    for format in ("%s", "epoch"):
        columns = {"ticker": None, "ts": "open_time", "ts_format": format}
        found = bars(csv(folder / "BTCUSDT_ms_then_us.csv", "calendar=always_open", columns=columns))
        assert {at: row[1:] for at, row in found.items()} == right


@pytest.mark.parametrize(
    ("name", "delimiter"), [("WXY.csv", ";"), ("WXY_quoted.csv", ","), ("DEF_quoted.csv", ",")]
)
def test_decimal_commas(cases, csv, name, delimiter):
    _, *rows = lines(cases / "european" / name, delimiter)
    found = bars(csv(cases / "european" / name, "calendar=weekdays"))
    right = {datetime.strptime(r[0], "%d.%m.%Y").date(): tuple(map(german, r[1:])) for r in rows}
    assert len(right) == 125
    assert {at.date(): row[1:] for at, row in found.items()} == right


def test_volumes_with_points_are_refused_until_it_is_said_what_they_are(cases, csv):
    path = cases / "european" / "volume_dots.csv"
    with pytest.raises(
        DataError, match=r"'648\.127' are 648\.127 .* or 648 127 .*data\.format\.volume_decimal"
    ):
        csv(path, "calendar=weekdays").load()
    found = bars(csv(path, "calendar=weekdays", format={"volume_thousands": "point"}))
    _, *rows = lines(path)
    right = {date.fromisoformat(r[0]): (*map(float, r[1:5]), float(r[5].replace(".", ""))) for r in rows}
    assert {at.date(): row[1:] for at, row in found.items()} == right


@pytest.mark.parametrize(("name", "delimiter", "length"), [("mt4", ",", 16), ("mt5", "\t", 19)])
def test_metatrader(cases, csv, name, delimiter, length):
    path = cases / "metatrader" / f"EURUSD_{name}.csv"
    _, *rows = lines(path, delimiter)
    found = bars(csv(path, "calendar=always_open"))
    format = "%Y.%m.%d %H:%M:%S" if length == 19 else "%Y.%m.%d %H:%M"
    right = {
        datetime.strptime(f"{r[0]} {r[1]}", format) + timedelta(hours=1): tuple(map(float, r[2:7]))
        for r in rows
    }
    assert {at.replace(tzinfo=None): row[1:] for at, row in found.items()} == right


def test_names_in_several_lines(cases, csv):
    *_, one = (lines(cases / "yf_multiheader" / "ABC.csv") for _ in range(1))
    found = bars(csv(cases / "yf_multiheader" / "ABC.csv"))
    right = {date.fromisoformat(r[0]): tuple(float(r[n]) for n in (4, 2, 3, 1, 5)) for r in one[3:]}
    assert {at.date(): row for at, row in found.items()} == {at: ("ABC", *v) for at, v in right.items()}
    two = lines(cases / "yf_multiheader" / "two.csv")
    frame = csv(cases / "yf_multiheader" / "two.csv").load().frame
    assert frame.height == 248
    for shift, ticker in enumerate(("ABC", "XYZ")):
        right = {
            date.fromisoformat(r[0]): tuple(float(r[n + shift]) for n in (7, 3, 5, 1, 9)) for r in two[3:]
        }
        rows = frame.filter(ticker=ticker).iter_rows()
        assert {row[0].date(): row[2:] for row in rows} == right


def test_times_written_in_two_ways_are_refused(cases, csv):
    with pytest.raises(DataError) as caught:
        csv(cases / "mixed_dates" / "mixed.csv").load()
    for told in (
        "mixed.csv",
        "ts is '31/03/2021' in row 61",
        "%d/%m/%Y reads 2021-03-31",
        "ISO 8601 reads 60 of",
    ):
        assert told in str(caught.value)
    with pytest.raises(DataError, match=r"ts is '31/03/2021' in row 61, must be an ISO date.*%d/%m/%Y reads"):
        csv(cases / "mixed_dates" / "mixed.csv", bar_minutes=None, columns={"ts_format": None}).load()


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("us", "%m/%d/%Y"),
        ("two_digit", "%d-%b-%y"),
        ("ampm", "%m/%d/%Y %I:%M %p"),
        ("yyyymmdd_hhmm", "%Y%m%d %H%M%S"),
    ],
)
def test_other_dates(cases, csv, name, format):
    path = cases / "mixed_dates" / f"{name}.csv"
    _, *rows = lines(path)
    found = csv(path, "calendar=always_open").load().frame
    daily = "%M" not in format
    right = [
        datetime.strptime(r[0], format) + timedelta(days=1 if daily else 0, hours=0 if daily else 1)
        for r in rows
    ]
    assert [at.replace(tzinfo=None) for at in found["ts"]] == right
    assert found["close"].to_list() == [float(r[5]) for r in rows]


def test_a_format_that_contradicts_itself_is_told(cases, csv):
    with pytest.raises(ConfigError, match=r"data\.columns\.ts_format: .* use '%m/%d/%Y %I:%M %p'"):
        csv(cases / "mixed_dates" / "ampm.csv", columns={"ts_format": "%m/%d/%Y %H:%M %p"})
