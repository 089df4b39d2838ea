"""Rules that know the calendar: gaps, partial days, early ends, stale feeds and the zone of times."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from quality_bars import bars, check, found, quality

from ploutos.types import DataError

NEW_YORK = ZoneInfo("America/New_York")
HALF_DAY = date(2024, 7, 3)


def sessions(first, days):
    """Return weekdays from 9:30 to 16:00 in New York; July 3 ends at 13:00."""
    rows = []
    for day in (first + timedelta(n) for n in range(days)):
        if day.weekday() < 5:
            begin = datetime(day.year, day.month, day.day, 9, 30, tzinfo=NEW_YORK)
            end = begin.replace(hour=13 if day == HALF_DAY else 16, minute=0)
            rows.append({"session": day, "open": begin, "close": end})
    return pl.DataFrame(rows).with_columns(
        pl.col("open", "close").dt.convert_time_zone("UTC").dt.cast_time_unit("us")
    )


def daily(table, ticker="AAA"):
    frame = bars([100.0 + n % 7 for n in range(table.height)], ticker)
    return frame.with_columns(ts=table["close"])


def hourly(table, ticker="AAA", *, half_hour_first=True):
    """Return bars that close at each full hour of each session."""
    stamps = []
    for begin, end in table.select("open", "close").iter_rows():
        first = begin + timedelta(minutes=30 if half_hour_first else 90)
        stamps += [first + timedelta(hours=n) for n in range(10) if first + timedelta(hours=n) <= end]
    frame = bars([100.0 + n % 7 for n in range(len(stamps))], ticker)
    return frame.with_columns(ts=pl.Series(stamps, dtype=pl.Datetime("us", "UTC")))


def test_missing_sessions_are_counted_between_a_tickers_first_and_last_bar():
    table = sessions(date(2024, 1, 1), 28)  # 20 sessions
    late = daily(table, "BBB")[4:]
    holes = daily(table)[[0, 1, 2, 5, 6, 8, *range(9, 20)]]
    kept, report = check(pl.concat([holes, late]), sessions=table)
    assert kept.height == 17 + 16
    gap = report["gap"]
    assert (gap["count"], gap["tickers"]) == (3, 1)
    assert [example["sessions"] for example in gap["examples"]] == [2, 1]
    assert gap["examples"][0] == {
        "ticker": "AAA",
        "ts": "2024-01-03T21:00:00+00:00",
        "sessions": 2,
        "next": "2024-01-08",
    }
    _, report = check(holes, quality(gap={"sessions": 2}), sessions=table)
    assert report["gap"]["count"] == 2
    with pytest.raises(
        DataError, match=r"AAA at 2024-01-03.*: no bar in the 2 sessions from here to 2024-01-08"
    ):
        check(holes, quality(gap={"action": "refused"}), sessions=table)


def test_whole_days_are_whole_also_across_an_early_close_and_daylight_saving():
    for first, days in ((date(2024, 7, 1), 5), (date(2024, 3, 4), 12)):
        table = sessions(first, days)
        _, report = check(hourly(table), quality("strict"), table, bar_minutes=60)
        assert not any(each["count"] for each in report.values())


def test_half_hours_that_a_source_drops_from_every_day_are_not_missed():
    table = sessions(date(2024, 7, 1), 5)
    frame = hourly(table, half_hour_first=False)
    _, report = check(frame, sessions=table, bar_minutes=60)
    assert report["partial_day"]["count"] == 0
    _, report = check(frame[[0, 1, 2, 4, *range(5, frame.height)]], sessions=table, bar_minutes=60)
    assert report["partial_day"]["count"] == 1


def test_a_partial_day_tells_what_it_has_and_what_it_should_have():
    table = sessions(date(2024, 7, 1), 5)  # 7, 7, 4, 7 and 7 bars
    frame = hourly(table)
    broken = pl.concat([frame[:16], frame[18:]])  # two bars of the half day
    _, report = check(broken, sessions=table, bar_minutes=60)
    assert report["partial_day"]["count"] == 1
    example = report["partial_day"]["examples"][0]
    assert (example["session"], example["bars"], example["expected"]) == ("2024-07-03", 2, 4)
    assert report["gap"]["count"] == 0
    _, report = check(broken, quality(partial_day={"share": 0.5}), table, bar_minutes=60)
    assert report["partial_day"]["count"] == 0
    with pytest.raises(DataError, match="the session of 2024-07-03 has 2 of 4 bars"):
        check(broken, quality(partial_day={"action": "refused"}), table, bar_minutes=60)


def test_tickers_that_stop_before_the_data_do():
    table = sessions(date(2024, 1, 1), 28)
    frame = pl.concat([daily(table), daily(table, "BBB")[:15], daily(table, "CCC")[:16]])
    _, report = check(frame, sessions=table)
    assert report["ends_early"]["count"] == 1
    assert report["ends_early"]["examples"][0]["ticker"] == "BBB"
    assert report["ends_early"]["examples"][0]["sessions"] == 5
    with pytest.raises(DataError, match=r"BBB at .*: no bar in the last 5 sessions"):
        check(frame, quality(ends_early={"action": "refused"}), sessions=table)


def test_bars_outside_of_every_session_are_nobodys_gap():
    table = sessions(date(2024, 1, 1), 28)
    stray = bars([100.0], start=table["open"][3] - timedelta(hours=3))
    _, report = check(pl.concat([daily(table), stray]), sessions=table)
    assert report["gap"]["count"] == 0


def test_a_feed_is_stale_from_the_bar_that_proves_it():
    closes = [100.0] * 5 + [101.0] * 3 + [102.0, 103.0]
    rules = quality(stale={"action": "masked", "bars": 3})
    kept, report = check(pl.concat([bars(closes), bars([100.0] * 2, "BBB")]), rules)
    assert kept.filter(pl.col("ticker") == "AAA")["close"].to_list() == [100.0, 100, 101, 101, 102, 103]
    assert kept.filter(pl.col("ticker") == "BBB").height == 2
    assert (report["stale"]["count"], report["stale"]["tickers"]) == (4, 1)
    with pytest.raises(DataError, match=r"AAA at 2024-01-04.*: 3 bars in a row have the same prices"):
        check(bars(closes), quality(stale={"action": "refused", "bars": 3}))


def test_bars_without_volume_are_told_and_masked_on_request():
    frame = pl.concat([bars([100.0, 101.0]), bars([50.0, 51.0], "BBB", volume=0.0)])
    kept, report = check(frame)
    assert kept.equals(frame)
    assert (report["zero_volume"]["count"], report["zero_volume"]["severity"]) == (2, "info")
    assert check(frame, quality(zero_volume={"action": "masked"}))[0].equals(frame[:2])
    assert check(frame[2:], quality(zero_volume={"action": "masked"}))[0].is_empty()


def extended(table):
    """Return hourly bars of the whole day that peak in volume at the session's ends, by open."""
    stamps = pl.datetime_range(
        table["open"][0] - timedelta(hours=14), table["close"][-1], "1h", eager=True, time_unit="us"
    ).dt.replace_time_zone(None)
    wall = stamps.dt.replace_time_zone("UTC").dt.convert_time_zone("America/New_York").dt.hour()
    volume = pl.Series([{10: 9.0, 15: 9.0}.get(hour, 4.0 if 10 < hour < 15 else 0.5) for hour in wall])
    frame = bars(np.full(stamps.len(), 100.0).tolist())
    return frame.with_columns(ts=stamps, volume=volume)


def suspicion(frame, table, zone, rules=None, label="open"):
    report = (rules or quality()).check_zone(
        frame, table, bar_minutes=60, label=label, input_timezone=zone, file="bars.csv"
    )
    return found(report)["timezone_suspicion"]


@pytest.mark.parametrize(
    ("first", "half_year", "hours"), [((2024, 1, 1), "winter", -5), ((2024, 6, 3), "summer", -4)]
)
def test_times_in_utc_that_are_read_as_local_are_suspected(first, half_year, hours):
    table = sessions(date(*first), 26)
    frame = extended(table)
    assert suspicion(frame, table, "UTC")["count"] == 0
    wrong = suspicion(frame, table, "America/New_York")
    assert (wrong["count"], wrong["severity"]) == (1, "error")
    assert [(told["half_year"], told["shift_hours"]) for told in wrong["examples"]] == [(half_year, hours)]
    with pytest.raises(DataError, match=f"if all times were {-hours} hours earlier"):
        suspicion(frame, table, "America/New_York", quality("strict"))


def moving(table, *, auction=0.0, session_only=False, seed=0):
    """Return hourly bars by open whose prices jump where the session opens, also in extended hours.

    `auction` is the share of a day's volume that the bar after the close reports.
    """
    frame = extended(table)
    rng = np.random.default_rng(seed)
    wall = frame["ts"].dt.replace_time_zone("UTC").dt.convert_time_zone("America/New_York")
    hour, weekday = wall.dt.hour().to_numpy(), wall.dt.weekday().to_numpy()
    size = np.select(
        [hour == 9, (hour > 9) & (hour < 16), (hour < 4) | (hour > 19)], [0.012, 0.004, 0.0], 0.002
    )
    volume = np.select([hour == 9, (hour > 9) & (hour < 16), (hour < 4) | (hour > 19)], [6.0, 4.0, 0.0], 0.4)
    volume = np.where(hour == 16, auction / (1 - auction) * 30.0, volume)
    close = 100 * np.exp(np.cumsum(size * rng.standard_normal(hour.size)))
    kept = (weekday < 6) & ((hour > 8) & (hour < 17) if session_only else (hour > 3) & (hour < 20))
    return frame.with_columns(close=close, volume=volume).filter(pl.Series(kept))


@pytest.mark.parametrize("session_only", [False, True])
@pytest.mark.parametrize("auction", [0.1, 0.4, 0.5])
@pytest.mark.parametrize("month", [1, 6])
def test_a_closing_auction_is_no_zone(month, auction, session_only):
    """Its hourly bar begins when the session ends, and one hour earlier it would lie inside."""
    table = sessions(date(2024, month, 1), 60)
    frame = moving(table, auction=auction, session_only=session_only)
    assert suspicion(frame, table, "UTC")["count"] == 0
    suspicion(frame, table, "UTC", quality("strict"))
    for hours in (-7, -5, -2, 2, 4, 6, 12):
        shifted = frame.with_columns(pl.col("ts").dt.offset_by(f"{hours}h"))
        told = suspicion(shifted, table, "UTC")["examples"]
        assert [each["shift_hours"] for each in told] == [-hours], hours


def test_new_york_time_that_is_read_as_utc_is_five_hours_off_in_winter():
    """With the auction inside, four hours bring more volume into the sessions than five."""
    table = sessions(date(2024, 1, 1), 60)
    wall = pl.col("ts").dt.replace_time_zone("UTC").dt.convert_time_zone("America/New_York")
    local = moving(table, auction=0.4, session_only=True).with_columns(wall.dt.replace_time_zone(None))
    found = suspicion(local, table, "UTC")
    (told,) = found["examples"]
    assert told["shift_hours"] == 5.0 and "data.input_timezone" in found["remedy"]


def test_without_volume_bars_are_counted_and_markets_that_never_close_say_nothing():
    table = sessions(date(2024, 1, 1), 26)
    frame = extended(table).filter(pl.col("volume") > 1).with_columns(volume=0.0)
    assert suspicion(frame, table, "UTC")["count"] == 0
    assert suspicion(frame, table, "Asia/Tokyo")["examples"][0]["shift_hours"] in (8, 9)  # half hours
    days = pl.datetime_range(datetime(2023, 12, 25), datetime(2024, 2, 9), "1d", eager=True, time_unit="us")
    always = pl.DataFrame({"open": days, "close": days + timedelta(days=1)}).with_columns(
        pl.all().dt.replace_time_zone("UTC")
    )
    assert suspicion(extended(table), always, "Asia/Tokyo")["count"] == 0


def test_dates_have_no_zone():
    table = sessions(date(2024, 1, 1), 26)
    frame = daily(table).with_columns(pl.col("ts").dt.date())
    more = {"label": "close", "input_timezone": "UTC", "file": "x"}
    assert quality().check_zone(frame, table, bar_minutes=None, **more) == []
    assert quality().check_zone(frame, table, bar_minutes=60, **more) == []
