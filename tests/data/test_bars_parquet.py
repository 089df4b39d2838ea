"""The Parquet source: labels, zones, session filter, identity."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from pydantic import ValidationError

from ploutos.types import ConfigError
from ploutos.types.bars import BAR_COLUMNS

NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def file(tmp_path, clean):
    path = tmp_path / "bars.parquet"
    clean.write_parquet(path)
    return path


def test_session_bars_are_labelled_by_close_and_the_rest_is_counted(file, parquet):
    bars = parquet(file).load()
    assert bars.frame.columns == list(BAR_COLUMNS)
    assert bars.frame["ts"].dtype == pl.Datetime("us", "UTC")
    aaa = bars.frame.filter(pl.col("ticker") == "AAA")
    assert aaa["ts"].to_list() == [datetime(2024, 1, 3, 16 + h, tzinfo=UTC) for h in range(6)]
    assert aaa["open"].to_list() == [101.0 + h for h in range(6)]  # the 09:00 bar opened at 100
    assert bars.quality == {
        "rows_read": 18,
        "rows_other_tickers": 0,
        "rows_mixed_bar": 2,
        "rows_outside_session": 4,
        "rows_kept": 12,
        "tickers": 2,
        "first": "2024-01-03T16:00:00+00:00",
        "last": "2024-01-03T21:00:00+00:00",
    }


def test_a_file_labelled_by_close_gives_the_same_bars(tmp_path, clean, file, parquet):
    by_close = tmp_path / "by_close.parquet"
    clean.with_columns(pl.col("ts") + pl.duration(hours=1)).write_parquet(by_close)
    assert parquet(by_close, timestamp_label="close").load().frame.equals(parquet(file).load().frame)


def test_naive_wall_times_are_read_in_the_input_timezone(tmp_path, clean, file, parquet):
    naive = tmp_path / "naive.parquet"
    wall = pl.col("ts").dt.convert_time_zone("America/New_York").dt.replace_time_zone(None)
    clean.with_columns(wall.dt.cast_time_unit("ns")).write_parquet(naive)
    found = parquet(naive, input_timezone="America/New_York").load()
    assert found.frame.equals(parquet(file).load().frame)


def test_order_of_columns_other_columns_types_and_order_of_tickers_do_not_matter(
    tmp_path, clean, file, parquet
):
    other = tmp_path / "other.parquet"
    shuffled = clean.sort("ts", "ticker").with_columns(
        pl.col("volume").cast(pl.Int64), pl.col("ticker").cast(pl.Categorical), note=pl.lit("x")
    )
    shuffled.select(reversed(shuffled.columns)).write_parquet(other)
    assert parquet(other).load().frame.equals(parquet(file).load().frame)


def test_without_session_limits_every_bar_is_kept(file, parquet):
    bars = parquet(file, session_first_start=None, session_last_start=None).load()
    assert bars.quality["rows_kept"] == bars.quality["rows_read"] == 18


def test_tickers_select_and_only_these_are_validated(tmp_path, clean, parquet):
    path = tmp_path / "bad_b.parquet"
    bad = pl.when(pl.col("ticker") == "BBB").then(-1.0).otherwise("close")
    clean.with_columns(bad.alias("close")).write_parquet(path)
    bars = parquet(path, tickers=["AAA"]).load()
    assert bars.frame["ticker"].unique().to_list() == ["AAA"]
    assert bars.quality["rows_other_tickers"] == 9
    with pytest.raises(ConfigError, match=r"unknown value 'AAB'\. Nearest: 'AAA'"):
        parquet(path, tickers=["AAB"]).load()


def test_fingerprint_follows_content_and_settings_not_the_name(tmp_path, clean, file, parquet):
    copy = tmp_path / "elsewhere" / "copy.parquet"
    copy.parent.mkdir()
    copy.write_bytes(file.read_bytes())
    assert parquet(copy).fingerprint() == parquet(file).fingerprint()
    assert parquet(file, tickers=["AAA"]).fingerprint() != parquet(file).fingerprint()
    clean.with_columns(pl.col("volume") + 1).write_parquet(copy)
    assert parquet(copy).fingerprint() != parquet(file).fingerprint()
    assert str(tmp_path) not in str(parquet(file).fingerprint())


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"session_first_start": "9:30"}, "session_first_start: '9:30' is not a time"),
        ({"session_first_start": None}, "set both or neither"),
        ({"session_first_start": "15:00", "session_last_start": "10:00"}, "is after session_last_start"),
        ({"session_timezone": "America/New_Yrok"}, "Nearest: 'America/New_York'"),
        ({"tickers": []}, "tickers: the list is empty"),
    ],
)
def test_contradictory_settings_are_refused_in_one_line(file, parquet, overrides, message):
    with pytest.raises(ConfigError, match=message) as caught:
        parquet(file, **overrides)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "overrides", [{"bar_minutes": 0}, {"timestamp_label": "middle"}, {"tickers": "AAPL"}]
)
def test_values_out_of_range_are_refused(file, parquet, overrides):
    with pytest.raises(ValidationError):
        parquet(file, **overrides)


@pytest.mark.real_data
def test_the_real_file_has_1507_sessions_of_six_bars_on_both_sides_of_daylight_saving(real_data, parquet):
    path = real_data / "ploutos_us_hourly_2020_2026_UTC.parquet"
    bars = parquet(path).load()
    local = bars.frame.select(pl.col("ts").dt.convert_time_zone("America/New_York")).to_series()
    per_session = local.unique().to_frame("ts").group_by(pl.col("ts").dt.date()).len()["len"]
    assert (len(per_session), per_session.unique().to_list()) == (1507, [6])
    assert sorted(local.dt.time().unique().to_list()) == [time(h) for h in range(11, 17)]

    # The same count by Python's own zone table, row by row over distinct times.
    counts = pl.read_parquet(path)["ts"].value_counts()
    starts = [(t.astimezone(NEW_YORK).hour, n) for t, n in counts.iter_rows()]
    assert bars.quality["rows_mixed_bar"] == sum(n for hour, n in starts if hour == 9) == 22605
    assert bars.quality["rows_kept"] == sum(n for hour, n in starts if 10 <= hour <= 15) == 135602
    dropped = bars.quality["rows_mixed_bar"] + bars.quality["rows_outside_session"]
    assert bars.quality["rows_read"] == bars.quality["rows_kept"] + dropped
