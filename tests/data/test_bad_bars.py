"""Every unusable file ends in one line that names the file, the ticker, the time and the value."""

import math
from datetime import datetime

import polars as pl
import pytest

from ploutos.types import DataError

ROW = 12  # BBB, 2024-01-03 17:00 UTC
AT = "ticker BBB at 2024-01-03T17:00:00+00:00"


def _with(frame, column, value):
    bad = pl.when(pl.col("row") == ROW).then(pl.lit(value, frame.schema[column])).otherwise(column)
    return frame.with_row_index("row").with_columns(bad.alias(column)).drop("row")


def _refused(path, parquet, *choices, **overrides):
    with pytest.raises(DataError) as caught:
        parquet(path, *choices, **overrides).load()
    assert "\n" not in str(caught.value)
    return str(caught.value)


BAD_VALUES = [
    ("close", math.nan, "not_finite"),
    ("open", None, "not_finite"),
    ("high", math.inf, "not_finite"),
    ("low", 0.0, "non_positive"),
    ("close", -3.5, "non_positive"),
    ("volume", -1.0, "non_positive"),
    ("volume", math.nan, "not_finite"),
    ("high", 101.0, "ohlc_inconsistent"),
    ("close", 90.0, "ohlc_inconsistent"),
    ("open", 110.0, "ohlc_inconsistent"),
]


@pytest.mark.parametrize(("column", "value", "rule"), BAD_VALUES)
def test_a_bad_value_is_masked_and_told_or_refused(tmp_path, clean, parquet, column, value, rule):
    path = tmp_path / "bars.parquet"
    _with(clean, column, value).write_parquet(path)
    bars = parquet(path).load()
    assert bars.frame.height == 11
    (told,) = [each for each in bars.quality["rules"] if each["count"] and each["severity"] == "error"]
    assert (told["rule"], told["count"], told["action"]) == (rule, 1, "masked")
    (example,) = told["examples"]
    assert (example["ticker"], example["ts"]) == ("BBB", "2024-01-03T17:00:00+00:00")
    message = _refused(path, parquet, "quality=strict")
    assert message.startswith(f"{path}: ") and AT in message
    if value is not None:
        assert f"{value:g}" in message


def test_rounding_of_adjusted_prices_is_tolerated(tmp_path, clean, parquet):
    path = tmp_path / "bars.parquet"
    _with(clean, "close", 105.0 * (1 + 1e-9)).write_parquet(path)
    assert parquet(path, "quality=strict").load().quality["rows_kept"] == 12


def test_duplicate_and_unsorted_times(tmp_path, clean, parquet):
    path = tmp_path / "bars.parquet"
    clean.write_parquet(path)
    good = parquet(path).load().frame
    pl.concat([clean, clean[ROW : ROW + 1]]).write_parquet(path)
    assert parquet(path).load().frame.equals(good)
    assert AT in _refused(path, parquet, "quality=strict")
    pl.concat([clean[:ROW], clean[ROW + 1 :], clean[ROW : ROW + 1]]).write_parquet(path)
    assert parquet(path).load().frame.equals(good)
    assert AT in _refused(path, parquet, "quality=strict")


def test_bars_closer_than_their_length(tmp_path, clean, parquet):
    path = tmp_path / "bars.parquet"
    clean.write_parquet(path)
    message = _refused(path, parquet, bar_minutes=120)
    assert "only 60 minutes after the bar before, but bar_minutes is 120" in message


def test_two_bars_that_close_with_one_session(tmp_path, clean, parquet):
    path = tmp_path / "bars.parquet"
    clean.write_parquet(path)
    message = _refused(path, parquet, bar_minutes=None)
    assert message == f"{path}: ticker AAA: two bars close at 2024-01-03T21:00:00+00:00, in 16 places"


@pytest.mark.parametrize("column", ["ticker", "ts"])
def test_rows_without_a_ticker_or_a_time(tmp_path, clean, parquet, column):
    path = tmp_path / "bars.parquet"
    _with(clean, column, None).write_parquet(path)
    assert parquet(path).load().frame.height == 11
    assert _refused(path, parquet, "quality=strict").startswith(f"{path}: ")


def test_a_wall_time_that_daylight_saving_skips(tmp_path, clean, parquet):
    path = tmp_path / "bars.parquet"
    skipped = clean[:1].with_columns(ts=pl.lit(datetime(2024, 3, 10, 2, 30)))
    real = clean[:1].with_columns(ts=pl.lit(datetime(2024, 3, 11, 10)))
    pl.concat([skipped, real]).write_parquet(path)
    bars = parquet(path, input_timezone="America/New_York").load()
    assert (bars.frame.height, bars.quality["rows_impossible_time"]) == (1, 1)


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("ts", pl.lit(1704205800), "column 'ts' has type Int32, must be a date or a date-time"),
        (
            "ts",
            pl.lit("January"),
            "ts is 'January' in row 1, must be an ISO date or date-time; no known format of times fits it",
        ),
        ("ticker", pl.lit(1), "column 'ticker' has type Int32, must be text"),
        ("close", pl.lit("dear"), "close is 'dear' in row 1, must be a number"),
        ("close", pl.lit(True), "column 'close' has type Boolean, must be a number"),
    ],
)
def test_wrong_type(tmp_path, clean, parquet, column, values, message):
    path = tmp_path / "bars.parquet"
    clean.with_columns(values.alias(column)).write_parquet(path)
    assert _refused(path, parquet) == f"{path}: {message}"


def test_missing_column_names_the_nearest(tmp_path, clean, parquet):
    path = tmp_path / "bars.parquet"
    clean.rename({"volume": "volumes"}).write_parquet(path)
    assert f"{path}: column 'volume' is missing. Nearest: 'volumes'." in _refused(path, parquet)


def test_missing_file_names_the_nearest(tmp_path, clean, parquet):
    clean.write_parquet(tmp_path / "hourly.parquet")
    clean.write_parquet(tmp_path / "unlike.parquet")
    path = tmp_path / "hourlys.parquet"
    assert _refused(path, parquet) == f"{path} does not exist. Nearest: '{tmp_path / 'hourly.parquet'}'."
    nowhere = tmp_path / "none" / "x.parquet"
    assert _refused(nowhere, parquet) == f"{nowhere} does not exist: there is no folder {nowhere.parent}"
    empty = tmp_path / "empty"
    empty.mkdir()
    assert _refused(empty, parquet) == f"{empty} holds no file that ends in .parquet, .pq"


def test_empty_file(tmp_path, clean, parquet):
    path = tmp_path / "bars.parquet"
    clean.clear().write_parquet(path)
    assert _refused(path, parquet) == f"{path} has no rows"


def test_no_bar_inside_the_session(tmp_path, clean, parquet):
    path = tmp_path / "bars.parquet"
    clean.with_columns(pl.col("ts") + pl.duration(hours=12)).write_parquet(path)
    assert "none of its 18 rows lies within a session of the calendar" in _refused(path, parquet)


def test_no_bar_that_passes_the_rules(tmp_path, clean, parquet):
    path = tmp_path / "bars.parquet"
    clean.with_columns(close=pl.lit(-1.0)).write_parquet(path)
    assert _refused(path, parquet) == f"{path}: no row passes the quality rules; see data.quality"


def test_dates_that_the_calendar_does_not_know(tmp_path, clean, parquet):
    path = tmp_path / "bars.parquet"
    clean.with_columns(pl.col("ts").dt.offset_by("-100y")).write_parquet(path)
    message = _refused(path, parquet, calendar={"code": "XKRX"})
    assert message.startswith(f"{path}: exchange calendar 'XKRX' knows the sessions from 1956-01-01")


@pytest.mark.parametrize("damage", ["text", "truncated", "flipped", "no bytes"])
def test_corrupted_file(tmp_path, clean, parquet, damage):
    path = tmp_path / "bars.parquet"
    clean.write_parquet(path)
    raw = bytearray(path.read_bytes())
    if damage == "flipped":
        raw[4:400] = bytes(255 - byte for byte in raw[4:400])
    contents = {"text": b"not parquet at all", "truncated": raw[: len(raw) // 2], "no bytes": b""}
    path.write_bytes(bytes(contents.get(damage, raw)))
    assert _refused(path, parquet).startswith(f"{path} cannot be read as Parquet: ")


def test_times_are_told_as_the_file_has_them(tmp_path, clean, parquet):
    path = tmp_path / "bars.parquet"
    local = clean.with_columns(pl.col("ts").dt.convert_time_zone("Asia/Tokyo"))
    _with(local, "close", -1.0).write_parquet(path)
    assert "ticker BBB at 2024-01-04T02:00:00+09:00" in _refused(path, parquet, "quality=strict")
