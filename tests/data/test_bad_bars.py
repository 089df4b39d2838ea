"""Every unusable file ends in one line that names the file, the ticker, the time and the value."""

import math
from datetime import datetime

import polars as pl
import pytest

from ploutos.types import DataError

ROW = 12  # BBB, 2024-01-03 17:00 UTC
WHERE = "ticker BBB at 2024-01-03T17:00:00+00:00: "


def _with(frame, column, value):
    bad = pl.when(pl.col("row") == ROW).then(pl.lit(value, frame.schema[column])).otherwise(column)
    return frame.with_row_index("row").with_columns(bad.alias(column)).drop("row")


def _refused(path, parquet, **overrides):
    with pytest.raises(DataError) as caught:
        parquet(path, **overrides).load()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("close", math.nan, "close is nan, must be finite and positive"),
        ("open", None, "open is null, must be finite and positive"),
        ("high", math.inf, "high is inf, must be finite and positive"),
        ("low", 0.0, "low is 0, must be finite and positive"),
        ("close", -3.5, "close is -3.5, must be finite and positive"),
        ("volume", -1.0, "volume is -1, must be finite and zero or more"),
        ("volume", math.nan, "volume is nan, must be finite and zero or more"),
        ("high", 101.0, "high 101 is below low 102"),
        ("close", 90.0, "close 90 is outside [low 102, high 105]"),
        ("open", 110.0, "open 110 is outside [low 102, high 105]"),
    ],
)
def test_a_bad_value_names_ticker_time_and_value(tmp_path, clean, parquet, column, value, message):
    path = tmp_path / "bars.parquet"
    _with(clean, column, value).write_parquet(path)
    assert _refused(path, parquet) == f"{path}: {WHERE}{message}"


def test_rounding_of_adjusted_prices_is_tolerated(tmp_path, clean, parquet):
    path = tmp_path / "bars.parquet"
    _with(clean, "close", 105.0 * (1 + 1e-9)).write_parquet(path)
    assert parquet(path).load().quality["rows_kept"] == 12


def test_duplicate_and_unsorted_times(tmp_path, clean, parquet):
    path = tmp_path / "bars.parquet"
    pl.concat([clean, clean[ROW : ROW + 1]]).write_parquet(path)
    assert _refused(path, parquet) == f"{path}: {WHERE}this time occurs more than once"
    pl.concat([clean[:ROW], clean[ROW + 1 :], clean[ROW : ROW + 1]]).write_parquet(path)
    message = "times are not sorted, the row before is at 2024-01-03T22:00:00+00:00"
    assert _refused(path, parquet) == f"{path}: {WHERE}{message}"


def test_bars_closer_than_their_length(tmp_path, clean, parquet):
    path = tmp_path / "bars.parquet"
    clean.write_parquet(path)
    assert "only 60 minutes after the bar before, but bar_minutes is 120" in _refused(
        path, parquet, bar_minutes=120
    )


def test_missing_ticker_and_missing_time(tmp_path, clean, parquet):
    path = tmp_path / "bars.parquet"
    _with(clean, "ticker", None).write_parquet(path)
    assert _refused(path, parquet) == f"{path}: row {ROW}: ticker is empty"
    _with(clean, "ts", None).write_parquet(path)
    assert f"ticker BBB, row {ROW}: ts is empty" in _refused(path, parquet)


def test_a_wall_time_that_daylight_saving_skips(tmp_path, clean, parquet):
    path = tmp_path / "bars.parquet"
    skipped = datetime(2024, 3, 10, 2, 30)
    clean[:1].with_columns(ts=pl.lit(skipped)).write_parquet(path)
    message = _refused(path, parquet, input_timezone="America/New_York")
    assert message.startswith(f"{path}: ticker AAA, row 0: ts is empty, or does not exist")


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("ts", pl.lit("2024"), "column 'ts' has type String, must be a date-time"),
        ("ticker", pl.lit(1), "column 'ticker' has type Int32, must be text"),
        ("close", pl.lit("1"), "column 'close' has type String, must be a number"),
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
    assert "is a folder" in _refused(tmp_path, parquet)
    nowhere = tmp_path / "none" / "x.parquet"
    assert _refused(nowhere, parquet) == f"{nowhere} does not exist: there is no folder {nowhere.parent}"


def test_empty_file(tmp_path, clean, parquet):
    path = tmp_path / "bars.parquet"
    clean.clear().write_parquet(path)
    assert _refused(path, parquet) == f"{path} has no rows"


def test_no_bar_inside_the_session(tmp_path, clean, parquet):
    path = tmp_path / "bars.parquet"
    clean.with_columns(pl.col("ts") + pl.duration(hours=12)).write_parquet(path)
    assert "none of 18 rows starts within the session 10:00 to 15:00 America/New_York" in _refused(
        path, parquet
    )


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


def test_times_are_told_in_utc(tmp_path, clean, parquet):
    path = tmp_path / "bars.parquet"
    local = clean.with_columns(pl.col("ts").dt.convert_time_zone("Asia/Tokyo"))
    _with(local, "close", -1.0).write_parquet(path)
    assert WHERE in _refused(path, parquet)
