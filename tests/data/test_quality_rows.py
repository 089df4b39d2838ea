"""Rules about single rows and their keys: what is masked or refused, and in which words."""

import json
import math
from datetime import date, datetime, timedelta

import polars as pl
import pytest
from pydantic import ValidationError
from quality_bars import bars, check, found, quality

from ploutos.types import DataError

ROW = 3
WHERE = "bars.parquet: ticker AAA at 2024-01-05T21:00:00+00:00: "


def with_value(frame, column, value, row=ROW):
    changed = pl.when(pl.col("row") == row).then(pl.lit(value, frame.schema[column])).otherwise(column)
    return frame.with_row_index("row").with_columns(changed.alias(column)).drop("row")


BAD_VALUES = [
    ("close", math.nan, "not_finite", "close is nan, must be finite and positive"),
    ("open", None, "not_finite", "open is null, must be finite and positive"),
    ("high", math.inf, "not_finite", "high is inf, must be finite and positive"),
    ("volume", None, "not_finite", "volume is null, must be finite and zero or more"),
    ("low", 0.0, "non_positive", "low is 0, must be finite and positive"),
    ("close", -3.5, "non_positive", "close is -3.5, must be finite and positive"),
    ("volume", -1.0, "non_positive", "volume is -1, must be finite and zero or more"),
    ("high", 98.0, "ohlc_inconsistent", "high 98 is below low 99"),
    ("close", 90.0, "ohlc_inconsistent", "close 90 is outside [low 99, high 101]"),
    ("open", 110.0, "ohlc_inconsistent", "open 110 is outside [low 99, high 101]"),
]


@pytest.mark.parametrize(("column", "value", "rule", "message"), BAD_VALUES)
def test_a_bad_value_is_masked_or_refused(column, value, rule, message):
    frame = with_value(bars([100.0] * 6), column, value)
    kept, report = check(frame)
    assert kept.equals(frame[[0, 1, 2, 4, 5]])
    assert (report[rule]["count"], report[rule]["action"]) == (1, "masked")
    assert report[rule]["examples"][0]["ts"] == "2024-01-05T21:00:00+00:00"
    assert sum(each["count"] for each in report.values()) == 1
    json.dumps(list(report.values()), allow_nan=False)
    with pytest.raises(DataError) as caught:
        quality("strict").check_rows(frame, file="bars.parquet")
    assert str(caught.value) == WHERE + message


def test_rounding_within_the_tolerance_is_no_contradiction():
    frame = with_value(bars([100.0] * 6), "close", 101.0 * (1 + 1e-9))
    kept, report = check(frame, quality("strict"))
    assert kept.equals(frame)
    assert report["ohlc_inconsistent"]["count"] == 0


def test_a_repair_widens_the_range_of_the_bad_bar_alone():
    frame = with_value(bars([100.0] * 6), "close", 90.0)
    kept, report = check(frame, quality(ohlc_inconsistent={"action": "repaired"}))
    assert report["ohlc_inconsistent"]["action"] == "repaired"
    assert kept["low"].to_list() == [99.0, 99.0, 99.0, 90.0, 99.0, 99.0]
    assert kept.drop("low").equals(frame.drop("low"))


def test_rows_without_ticker_or_time():
    frame = with_value(with_value(bars([100.0] * 6), "ticker", None), "ts", None, row=1)
    kept, report = check(frame)
    assert kept.equals(frame[[0, 2, 4, 5]])
    assert (report["missing_key"]["count"], report["missing_key"]["action"]) == (2, "dropped")
    with pytest.raises(DataError, match=r"^bars\.parquet: ticker AAA, row 1: ts is empty"):
        quality("strict").check_rows(frame, file="bars.parquet")
    nameless = with_value(bars([100.0] * 6), "ticker", "")
    with pytest.raises(DataError, match=r"^bars\.parquet: row 3: ticker is empty"):
        quality("strict").check_rows(nameless, file="bars.parquet")


def test_times_that_run_backwards_are_sorted_and_counted():
    good = pl.concat([bars([100.0, 101, 102, 103, 104, 105]), bars([50.0] * 6, "BBB")])
    shuffled = good[[0, 3, 1, 2, 5, 4, 6, 7, 8, 9, 10, 11]]
    kept, report = check(shuffled)
    assert kept.equals(good)
    assert (report["unsorted"]["count"], report["unsorted"]["tickers"]) == (2, 1)
    message = "times are not sorted, the row before is at 2024-01-05T21:00:00+00:00"
    with pytest.raises(DataError) as caught:
        quality("strict").check_rows(shuffled, file="bars.parquet")
    assert str(caught.value) == f"bars.parquet: ticker AAA at 2024-01-03T21:00:00+00:00: {message}"


def test_alternating_tickers_are_not_unsorted():
    good = pl.concat([bars([100.0] * 6), bars([50.0] * 6, "BBB")])
    alternating = good.sort("ts", "ticker", descending=[False, True])
    kept, report = quality("strict").check_rows(alternating, file="bars.parquet")
    assert kept.equals(good)
    assert found(report)["unsorted"]["count"] == 0


def test_copies_are_dropped_and_one_stays():
    frame = bars([100.0, 101, 102, 103])
    kept, report = check(pl.concat([frame, frame[1:3], frame[1:2]]))
    assert kept.equals(frame)
    assert (report["duplicate"]["count"], report["conflicting_duplicate"]["count"]) == (3, 0)
    with pytest.raises(DataError, match=r"2024-01-03T21:00:00.*: this time occurs more than once$"):
        check(pl.concat([frame, frame[1:2]]).sort("ts"), quality("strict"))


def versions():
    """Return four days; the second was published as 101, then as 111, then as 121."""
    frame = bars([100.0, 101, 102, 103]).with_columns(asof=pl.col("ts").dt.date())
    second = [
        bars([close], start=frame["ts"][1]).with_columns(asof=pl.lit(date(2024, 1, day)))
        for close, day in ((121.0, 9), (111.0, 5))
    ]
    return pl.concat([second[0], frame, second[1]])


@pytest.mark.parametrize(("conflict", "close"), [("first_published", 101.0), ("last_published", 121.0)])
def test_versions_are_chosen_by_their_publication(conflict, close):
    kept, report = check(versions(), quality(duplicate={"conflict": conflict}))
    assert kept["close"].to_list() == [100.0, close, 102.0, 103.0]
    assert report["conflicting_duplicate"]["count"] == 2
    assert {"close", "asof"} <= set(report["conflicting_duplicate"]["examples"][0])


def test_versions_that_nothing_decides_are_refused_or_all_dropped():
    message = "this time occurs more than once, with open 121 and 101, and no asof decides"
    with pytest.raises(DataError, match=message):
        check(versions().drop("asof"))
    same_day = versions().with_columns(asof=date(2024, 1, 9))
    with pytest.raises(DataError, match=message):
        check(same_day)
    kept, report = check(same_day, quality(duplicate={"conflict": "dropped"}))
    assert kept["close"].to_list() == [100.0, 102.0, 103.0]
    assert report["conflicting_duplicate"]["count"] == 3


def test_a_copy_with_a_later_publication_is_no_conflict():
    frame = versions().filter(pl.col("close") < 104).with_columns(asof=pl.lit(date(2024, 1, 9)))
    early = frame.with_columns(asof=pl.lit(date(2024, 1, 5)))
    kept, report = check(pl.concat([frame, early]))
    assert kept["asof"].unique().to_list() == [date(2024, 1, 5)]
    assert (report["duplicate"]["count"], report["conflicting_duplicate"]["count"]) == (4, 0)


@pytest.mark.parametrize(
    "ts", [pl.col("ts").dt.date(), pl.col("ts").dt.replace_time_zone(None), pl.col("ts")]
)
def test_rows_may_be_dated_as_the_file_dates_them(ts):
    frame = with_value(bars([100.0] * 6).with_columns(ts), "close", -1.0)
    kept, report = quality().check_rows(pl.concat([frame, frame[:1]]), file="bars.parquet")
    assert kept.equals(frame[[0, 1, 2, 4, 5]])
    assert found(report)["non_positive"]["examples"][0]["ts"].startswith("2024-01-05")


def test_a_clean_frame_passes_untouched_and_an_empty_one_does_no_harm():
    frame = bars([100.0, 101.0, 99.5], step=timedelta(hours=1), start=datetime(2024, 1, 2))
    kept, report = check(frame, quality("strict"))
    assert kept.equals(frame)
    assert not any(each["count"] for each in report.values())
    assert quality().check_rows(frame.clear(), file="bars.parquet")[0].is_empty()


@pytest.mark.parametrize(
    "overrides",
    [
        {"spike": {"factor": 1.0}},
        {"spike": {"confirm_bars": 0}},
        {"stale": {"bars": 1}},
        {"gap": {"action": "masked"}},
        {"partial_day": {"share": 1.5}},
        {"duplicate": {"conflict": "newest"}},
    ],
)
def test_settings_out_of_range_are_refused(overrides):
    with pytest.raises(Exception, match="validation error") as caught:
        quality(**overrides)
    assert isinstance(caught.value.__cause__ or caught.value, ValidationError)


def test_a_rise_limit_below_the_factor_is_refused():
    with pytest.raises(Exception, match="rise_limit 2 is below factor 5"):
        quality(spike={"rise_limit": 2.0})


def test_the_fingerprint_holds_every_setting():
    told = quality().fingerprint()
    assert told["spike"]["factor"] == 5.0
    assert told["duplicate"] == {"action": "dropped", "conflict": "first_published"}
    assert told != quality(spike={"factor": 4.0}).fingerprint()
    json.dumps(told)
