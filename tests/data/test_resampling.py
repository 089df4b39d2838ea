"""Longer bars from shorter ones: against a loop over rows, by hand, and on real files."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_bars import slow_resample

from ploutos.data.calendars.always_open import AlwaysOpen
from ploutos.data.calendars.exchange import Exchange
from ploutos.data.calendars.forex import Forex
from ploutos.data.labels import label_bars
from ploutos.data.resample import resample
from ploutos.types import ConfigError, DataError

NEW_YORK = ZoneInfo("America/New_York")
XNYS = Exchange(code="XNYS")
FOREX = Forex(timezone="America/New_York", day_starts="17:00")
VALUES = ("open", "high", "low", "close", "volume")


def new_york(ts):
    return [time.astimezone(NEW_YORK).strftime("%H:%M") for time in ts]


def flat(times, **columns):
    """Return bars of ticker A that close at `times`; all prices rise by one a bar, one share each."""
    price = [10.0 + i for i in range(len(times))]
    prices = dict.fromkeys(("open", "high", "low", "close"), price)
    volume = [1.0] * len(times)
    data = {"ts": times, "ticker": ["A"] * len(times), **prices, "volume": volume, **columns}
    return pl.DataFrame(data, schema_overrides={"ts": pl.Datetime("us", "UTC")})


def session_minutes(calendar, day, step=1):
    """Return the closes of all bars of `step` minutes of the session, the last one at its close."""
    (_, opens, closes) = calendar.sessions(day, day).row(0)
    ends, length = [], timedelta(minutes=step)
    while opens + length < closes:
        opens += length
        ends.append(opens)
    return [*ends, closes]


@st.composite
def markets(draw):
    """Return a calendar, its sessions around a change of the clock, and five-minute bars with holes."""
    calendar, start = draw(
        st.sampled_from(
            [
                (XNYS, date(2024, 11, 27)),
                (XNYS, date(2024, 3, 8)),
                (FOREX, date(2024, 3, 8)),
                (FOREX, date(2024, 11, 1)),
                (AlwaysOpen(timezone="Asia/Kolkata", day_starts="00:00"), date(2024, 3, 8)),
            ]
        )
    )
    sessions = calendar.sessions(start, start + timedelta(days=5)).rows()
    times = [end for day, _, _ in sessions for end in session_minutes(calendar, day, 5)]
    rows = []
    for ticker in draw(st.sampled_from(["A", "AB"])):
        chosen = draw(st.lists(st.integers(0, len(times) - 1), min_size=2, max_size=60, unique=True))
        run = draw(st.integers(0, len(times) - 12))
        for i in sorted({*chosen, *range(run, run + 12)}):  # a run, so that the usual length is five minutes
            prices = draw(st.lists(st.integers(1, 1000), min_size=4, max_size=4))
            low, first, last, high = sorted(float(price) for price in prices)
            rows.append((times[i], ticker, first, high, low, last, float(draw(st.integers(0, 99)))))
    return calendar, sessions, rows


@settings(deadline=None, max_examples=50)
@given(
    market=markets(),
    minutes=st.sampled_from([5, 10, 15, 30, 45, 60, 90, 240, 1440, None]),
    anchor=st.sampled_from(["clock", "open"]),
)
def test_bars_are_those_of_a_loop_over_rows(market, minutes, anchor):
    calendar, sessions, rows = market
    given_bars = pl.DataFrame(rows, schema=["ts", "ticker", *VALUES], orient="row")
    found, told = resample(given_bars, minutes=minutes, anchor=anchor, calendar=calendar)
    expected = slow_resample(rows, sessions, minutes=minutes, anchor=anchor, timezone=calendar.timezone)
    assert {(row[1], row[0]): list(row[2:]) for row in found.rows()} == expected
    assert told["rows_before"] == len(rows) and told["rows_after"] == len(expected)
    # And what holds whatever the bars: nothing gained, nothing lost, sorted, within sessions.
    for column, measure in {"volume": pl.Expr.sum, "high": pl.Expr.max, "low": pl.Expr.min}.items():
        assert (
            found.select(measure(pl.col(column))).item() == given_bars.select(measure(pl.col(column))).item()
        )
    keys = found.select("ticker", "ts")
    assert keys.equals(keys.unique().sort("ticker", "ts"))
    assert all(any(opens < ts <= closes for _, opens, closes in sessions) for ts in found["ts"])


@settings(deadline=None, max_examples=20)
@given(market=markets(), anchor=st.sampled_from(["clock", "open"]))
def test_steps_in_between_do_not_matter(market, anchor):
    calendar, _, rows = market
    bars = pl.DataFrame(rows, schema=["ts", "ticker", *VALUES], orient="row")
    days, _ = resample(bars, minutes=None, anchor=anchor, calendar=calendar)
    for minutes in (30, 45, 60):
        longer, _ = resample(bars, minutes=minutes, anchor=anchor, calendar=calendar)
        assert resample(longer, minutes=None, anchor=anchor, calendar=calendar)[0].equals(days)
    whole = flat([end for day in (27, 29) for end in session_minutes(XNYS, date(2024, 11, day))])
    halves, _ = resample(whole, minutes=30, anchor=anchor, calendar=XNYS)
    hours = [resample(given, minutes=60, anchor=anchor, calendar=XNYS)[0] for given in (whole, halves)]
    assert hours[0].equals(hours[1])


def test_the_first_and_the_last_bar_of_a_session():
    regular = flat(session_minutes(XNYS, date(2024, 11, 27)))
    clock, told = resample(regular, minutes=60, anchor="clock", calendar=XNYS)
    assert new_york(clock["ts"]) == ["10:00", "11:00", "12:00", "13:00", "14:00", "15:00", "16:00"]
    assert clock["volume"].to_list() == [30.0] + [60.0] * 6
    assert clock.row(1)[2:] == (40.0, 99.0, 40.0, 99.0, 60.0)  # minutes 31 to 90, the first costs 10
    assert told == {"rows_before": 390, "rows_after": 7, "minutes_before": 1, "rows_across_edges": 0}
    opened, _ = resample(regular, minutes=60, anchor="open", calendar=XNYS)
    assert new_york(opened["ts"]) == ["10:30", "11:30", "12:30", "13:30", "14:30", "15:30", "16:00"]
    assert opened["volume"].to_list() == [60.0] * 6 + [30.0]


def test_an_early_close_ends_the_last_bar():
    early = flat(session_minutes(XNYS, date(2024, 11, 29)))
    for minutes, anchor, expected in (
        (60, "clock", ["10:00", "11:00", "12:00", "13:00"]),
        (60, "open", ["10:30", "11:30", "12:30", "13:00"]),
        (120, "clock", ["10:00", "12:00", "13:00"]),
        (390, "open", ["13:00"]),
        (None, "clock", ["13:00"]),
    ):
        found, _ = resample(early, minutes=minutes, anchor=anchor, calendar=XNYS)
        assert new_york(found["ts"]) == expected
        assert found["volume"].sum() == 210.0


def test_four_hour_bars_of_currencies_keep_their_wall_times_when_clocks_change():
    for monday in (date(2024, 3, 4), date(2024, 3, 11), date(2024, 11, 4)):
        bars = flat(session_minutes(FOREX, monday, 60))
        found, _ = resample(bars, minutes=240, anchor="clock", calendar=FOREX)
        assert new_york(found["ts"]) == ["20:00", "00:00", "04:00", "08:00", "12:00", "16:00", "17:00"]


def test_a_session_in_which_the_clock_changes_keeps_the_lengths():
    always = AlwaysOpen(timezone="America/New_York", day_starts="00:00")
    sunday = flat(session_minutes(always, date(2024, 3, 10), 60))  # 23 hours
    found, _ = resample(sunday, minutes=240, anchor="clock", calendar=always)
    assert found["volume"].to_list() == [4.0] * 5 + [3.0]


def test_other_columns_become_what_they_mean():
    times = session_minutes(XNYS, date(2024, 11, 27), 60)[:2]
    bars = flat(
        times,
        dividend=[0.5, 0.25],
        split=[2.0, 3.0],
        asof=[date(2024, 12, 2), date(2024, 11, 28)],
        sentiment=[0.1, 0.2],
    )
    found, _ = resample(bars, minutes=None, anchor="clock", calendar=XNYS)
    assert found.columns == bars.columns
    assert found.row(0)[-4:] == (0.75, 6.0, date(2024, 12, 2), 0.2)


def test_rows_need_not_be_sorted_and_none_is_fine():
    bars = flat(session_minutes(XNYS, date(2024, 11, 27), 30))
    how = {"minutes": 60, "anchor": "open", "calendar": XNYS}
    assert resample(bars[::-1], **how)[0].equals(resample(bars, **how)[0])
    assert resample(bars.clear(), **how)[0].is_empty()


def test_what_cannot_be_resampled_is_refused():
    hours = flat(session_minutes(XNYS, date(2024, 11, 27), 60))
    with pytest.raises(DataError, match=r"^resample to 30 minutes: the given bars are longer, 60 minutes$"):
        resample(hours, minutes=30, anchor="clock", calendar=XNYS)
    with pytest.raises(DataError, match=r"lie across an edge of the new ones .* Nearest: anchor=open$"):
        resample(hours, minutes=60, anchor="clock", calendar=XNYS)
    daily = resample(hours, minutes=None, anchor="clock", calendar=XNYS)[0]
    assert resample(daily, minutes=None, anchor="clock", calendar=XNYS)[0].equals(daily)
    with pytest.raises(
        DataError, match=r"^resample to 60 minutes: the given bars are at most one a session$"
    ):
        resample(daily, minutes=60, anchor="clock", calendar=XNYS)
    for hour in (3, 23):
        night = flat([datetime(2024, 11, 27, hour, tzinfo=UTC)])
        with pytest.raises(
            DataError, match=rf"^ticker A: the bar of 2024-11-27T{hour:02}:00:00\+00:00 is in no"
        ):
            resample(night, minutes=None, anchor="clock", calendar=XNYS)
    thanksgiving = flat([datetime(2024, 11, 28, 18, tzinfo=UTC)])
    with pytest.raises(DataError, match="is in no session"):
        resample(thanksgiving, minutes=None, anchor="clock", calendar=XNYS)


@pytest.mark.parametrize(
    ("step", "minutes", "nearest"), [(60, 90, "60 or 120"), (5, 12, "10 or 15"), (30, 20, None)]
)
def test_lengths_that_the_bars_do_not_fill_are_refused(step, minutes, nearest):
    """Before, a bar that lies in two of the new ones went to the later one whole."""
    bars = flat(session_minutes(XNYS, date(2024, 11, 27), step))
    said = (
        "longer, 30 minutes"
        if nearest is None
        else rf"{minutes} is not a multiple of the {step} .* {nearest}$"
    )
    for anchor in ("clock", "open"):
        with pytest.raises(DataError, match=said):
            resample(bars, minutes=minutes, anchor=anchor, calendar=XNYS)


def test_the_length_of_the_given_bars_may_be_told(parquet, tmp_path):
    """Rarely traded names have few bars that are neighbours; and a config contradicts itself without any."""
    thin = flat([end for n, end in enumerate(session_minutes(XNYS, date(2024, 11, 27), 5)) if n % 2])
    with pytest.raises(DataError, match="15 is not a multiple of the 10 minutes"):
        resample(thin, minutes=15, anchor="clock", calendar=XNYS)
    assert resample(thin, minutes=15, anchor="clock", calendar=XNYS, bar_minutes=5)[0].height == 26
    with pytest.raises(ConfigError, match=r"resample_minutes: 90 is not a multiple of the 60 .* 60 or 120\b"):
        parquet(tmp_path / "absent.parquet", resample_minutes=90)
    for fitting in (60, 120, 180, "session", None):
        parquet(tmp_path / "absent.parquet", resample_minutes=fitting)


def test_hours_from_the_open_do_not_make_even_hours():
    """Three of seven bars lie across an edge: the half hour at the end does not make this a multiple."""
    bars = flat(session_minutes(XNYS, date(2024, 11, 27), 60))
    with pytest.raises(DataError, match=r"3 of 7 given bars lie across an edge .* Nearest: anchor=open$"):
        resample(bars, minutes=120, anchor="clock", calendar=XNYS)
    longer, told = resample(bars, minutes=120, anchor="open", calendar=XNYS)
    assert new_york(longer["ts"]) == ["11:30", "13:30", "15:30", "16:00"] and told["rows_across_edges"] == 0


@pytest.mark.real_data
def test_hours_of_one_file_make_the_days_of_another(real_data):
    """Two files of one vendor: the daily one holds what the hourly one adds up to."""
    hours = pl.read_parquet(real_data / "lean_us_hourly_1998_2021_raw_ET.parquet").filter(ticker="SPY")
    days = pl.read_parquet(real_data / "lean_us_daily_1998_2021_raw.parquet").filter(ticker="SPY")
    how = {"label": "open", "calendar": XNYS, "partial_bars": "clip"}
    labelled, told = label_bars(hours, bar_minutes=60, input_timezone="America/New_York", **how)
    found, counts = resample(labelled, minutes=None, anchor="clock", calendar=XNYS)
    assert counts["minutes_before"] == 60 and counts["rows_across_edges"] == 0
    expected, _ = label_bars(days.rename({"date": "ts"}), bar_minutes=None, input_timezone="UTC", **how)
    both = found.join(expected, on=["ticker", "ts"], suffix="_daily", validate="1:1")
    assert both.height == found.height == expected.height > 5800
    # The daily file counts the prints after early closes too, which belong to no session.
    late = pl.col("ts").dt.convert_time_zone("America/New_York").dt.hour() == 13
    alike = both.filter(~late)
    assert told["rows_outside_session"] > 20
    for column in VALUES:
        ratio = alike[column] / alike[f"{column}_daily"]
        assert ((ratio - 1).abs() < 1e-4).mean() > 0.999, column
    assert both.filter(late & (pl.col("volume") > pl.col("volume_daily"))).is_empty()


@pytest.mark.real_data
def test_currency_hours_make_five_sessions_a_week(real_data):
    raw = pl.read_parquet(real_data / "fx_gold_hourly_2012_2022.parquet").filter(ticker="EURJPY")
    bars, _ = label_bars(
        raw.rename({"tick_volume": "volume"}),
        label="open",
        bar_minutes=60,
        input_timezone="Europe/Helsinki",
        calendar=FOREX,
        partial_bars="drop",
    )
    found, _ = resample(bars, minutes=None, anchor="clock", calendar=FOREX)
    walls = found["ts"].dt.convert_time_zone("America/New_York")
    assert set(walls.dt.hour()) == {17} and set(walls.dt.weekday()) == {1, 2, 3, 4, 5}
    assert found["volume"].sum() == bars["volume"].sum()
    # Seven hours later it is the calendar day of the file, but for weeks in which only New York has moved.
    moved = walls.dt.month().is_in([3, 10, 11])
    day = raw.group_by(pl.col("ts").dt.date().alias("day")).agg(pl.col("high").max(), pl.col("low").min())
    ours = found.filter(~moved).with_columns(day=walls.filter(~moved).dt.date())
    both = ours.join(day, on="day", suffix="_day")
    assert both.height == ours.height > 1500
    assert both.filter(
        (pl.col("high") != pl.col("high_day")) | (pl.col("low") != pl.col("low_day"))
    ).is_empty()
