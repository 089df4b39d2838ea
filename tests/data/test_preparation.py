"""Real files from row to bar; every expectation is worked out here from raw rows and exchange_calendars."""

from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

import exchange_calendars
import numpy as np
import polars as pl
import pytest
from lean_by_hand import DAILY, HOURLY, LINES, Lines, new_york_date

from ploutos.data.corporate.adjust import forward_adjusted

pytestmark = pytest.mark.real_data
NEW_YORK = ZoneInfo("America/New_York")
HOUR = timedelta(hours=1)
PYSTOCK = "pystock_us_daily_2015_2017_raw_pit.parquet"
HUGE = "hugestock_pit_members_daily_1962_2017_adj.parquet"
FX = "fx_gold_hourly_2012_2022.parquet"


def new_york_sessions(first, last):
    """Return date -> (open, close) in UTC."""
    schedule = exchange_calendars.get_calendar("XNYS", start=first.isoformat(), end=last.isoformat()).schedule
    return {
        day.date(): (opened.to_pydatetime(), closed.to_pydatetime())
        for day, opened, closed in zip(schedule.index, schedule["open"], schedule["close"], strict=True)
    }


def told(bars, rule):
    return next(each for each in bars.quality["rules"] if each["rule"] == rule)


@pytest.fixture(scope="module")
def lean_hourly(real_data, parquet):
    def load(**settings):
        lines = {"path": str(real_data / LINES)}
        return parquet(
            real_data / HOURLY,
            "actions=lean_factors",
            actions=lines,
            input_timezone="America/New_York",
            partial_bars="clip",
            **settings,
        ).load()

    return load


@pytest.fixture(scope="module")
def lean_daily(real_data, parquet):
    return parquet(
        real_data / DAILY,
        "actions=lean_factors",
        actions={"path": str(real_data / LINES)},
        columns={"ts": "date"},
        bar_minutes=None,
    ).load()


@pytest.fixture(scope="module")
def pystock(real_data, parquet):
    return parquet(
        real_data / PYSTOCK,
        columns={"ts": "date", "asof": "asof"},
        bar_minutes=None,
        delisted_after_sessions=10,
        delisting_return=-0.3,
    ).load()


def test_extended_hours_leave_only_whole_bars_of_regular_sessions(real_data, parquet):
    path = real_data / "ploutos_us_hourly_2020_2026_UTC.parquet"
    bars = parquet(path).load()
    starts = pl.read_parquet(path)["ts"].value_counts()
    sessions = new_york_sessions(date(2020, 2, 1), date(2026, 3, 1))
    kept = mixed = outside = 0
    closes = set()
    for start, rows in starts.iter_rows():
        opened, closed = sessions.get(start.astimezone(NEW_YORK).date(), (None, None))
        if opened is None or start >= closed or start + HOUR <= opened:
            outside += rows
        elif start < opened or start + HOUR > closed:
            mixed += rows
        else:
            kept += rows
            closes.add(start.astimezone(UTC) + HOUR)
    assert (bars.quality["rows_mixed_bar"], bars.quality["rows_outside_session"]) == (mixed, outside)
    assert bars.quality["rows_kept"] == bars.frame.height == kept > 130_000
    assert set(bars.frame["ts"].unique()) == closes


def test_hours_of_the_session_only_are_clipped_to_it(real_data, lean_hourly):
    bars = lean_hourly()
    raw = pl.read_parquet(real_data / HOURLY)
    days = new_york_sessions(date(1998, 1, 1), date(2021, 4, 1))
    kept = outside = clipped = 0
    for start, rows in raw["ts"].value_counts().iter_rows():
        opened, closed = days.get(start.date(), (None, None))
        start = start.replace(tzinfo=NEW_YORK)
        if opened is None or start >= closed or start + HOUR <= opened:
            outside += rows
        else:
            kept += rows
            clipped += rows * (start < opened or start + HOUR > closed)
    assert (bars.quality["rows_outside_session"], bars.quality["rows_clipped"]) == (outside, clipped)
    masked = sum(r["count"] for r in bars.quality["rules"] if r["action"] == "masked")
    assert bars.frame.height == kept - masked and masked < 10
    wall = bars.frame["ts"].dt.convert_time_zone("America/New_York").dt.time()
    assert {t.hour for t in wall.unique()} == set(range(10, 17)) and wall.dt.minute().max() == 0


@pytest.mark.parametrize("hourly", [True, False])
def test_apples_return_across_its_split_is_that_of_the_factor_lines(
    real_data, lean_hourly, lean_daily, hourly
):
    bars = lean_hourly() if hourly else lean_daily
    raw = pl.read_parquet(real_data / DAILY).filter(pl.col("ticker") == "AAPL")
    raw = dict(raw.select("date", "close").iter_rows())
    before, after = date(2014, 6, 6), date(2014, 6, 9)
    lines = Lines(real_data)
    scaled = [raw[day] * lines.scale("AAPL", day) for day in (before, after)]
    adjusted = forward_adjusted(bars.frame, bars.actions).filter(pl.col("ticker") == "AAPL")
    adjusted = adjusted.with_columns(day=new_york_date(pl.col("ts"))).group_by("day").last()
    found = dict(adjusted.select("day", "close").iter_rows())
    rel = 1e-3 if hourly else 1e-9  # the last hour ends with a trade, the day with the auction
    assert found[after] / found[before] == pytest.approx(scaled[1] / scaled[0], rel=rel)
    assert found[after] / found[before] == pytest.approx(7 * raw[after] / raw[before], rel=1e-3)
    kept = bars.frame.filter(pl.col("ticker") == "AAPL").with_columns(day=new_york_date(pl.col("ts")))
    assert after in set(kept["day"])  # the jump of the raw price is no spike: the split is known
    (split,) = bars.actions.filter((pl.col("ticker") == "AAPL") & (pl.col("split") == 7.0))["ts"]
    assert before < split.astimezone(NEW_YORK).date() <= after


def test_a_daily_file_is_labelled_by_the_closes_and_names_companies(real_data, lean_daily):
    raw = pl.read_parquet(real_data / DAILY)
    days = new_york_sessions(raw["date"].min(), raw["date"].max())
    masked = sum(r["count"] for r in lean_daily.quality["rules"] if r["action"] == "masked")
    assert lean_daily.frame.height == raw["date"].is_in(list(days)).sum() - masked
    labels = set(lean_daily.frame["ts"].unique())
    assert labels <= {closed for _, closed in days.values()}
    lines = Lines(real_data)
    wm = raw.filter((pl.col("ticker") == "WM") & (pl.col("date") == date(2008, 9, 25)))
    assert lines.owner("WM", date(2008, 9, 25)) is None and wm.height == 1
    other = lean_daily.frame.filter(pl.col("ticker") == "WM.1")
    assert new_york_date_of(other) >= {date(2008, 9, 25)} and "WM" in set(lean_daily.frame["ticker"])


def new_york_date_of(frame):
    return set(frame.select(new_york_date(pl.col("ts"))).to_series())


def test_hours_resampled_to_sessions_are_the_days_of_the_daily_file(real_data, lean_hourly, lean_daily):
    days = lean_hourly(resample_minutes="session")
    hours = lean_hourly()
    assert days.quality["resampling"]["rows_before"] == hours.frame.height
    both = days.frame.join(lean_daily.frame, on=["ticker", "ts"], suffix="_daily")
    assert both["ticker"].unique().sort().to_list() == ["AAPL", "AIG", "BAC", "BAC.1", "IBM", "SPY"]
    assert both.height > 29_000
    error = both.select(
        (pl.col(name) / pl.col(f"{name}_daily") - 1).abs() for name in ("open", "high", "low", "close")
    )
    assert error["open"].max() == 0.0
    assert error.select(pl.all().quantile(0.999)).row(0) < (1e-9, 2e-3, 2e-3, 5e-3)
    # Days on which files differ: fewer than one in two hundred, of which most close early.
    assert (error["close"] > 1e-9).mean() < 0.005
    assert days.actions.equals(hours.actions)


def test_a_slip_of_the_decimal_point_masks_its_bar_alone(real_data, parquet):
    path = real_data / HUGE
    wanted = ["DDS", "DWDP", "IBM"]
    bars = parquet(path, columns={"ts": "date"}, bar_minutes=None, tickers=wanted).load()
    raw = pl.read_parquet(path).filter(pl.col("ticker").is_in(wanted)).sort("ticker", "date")
    days = set(new_york_sessions(raw["date"].min(), raw["date"].max()))
    kept = set(bars.frame.select("ticker", new_york_date(pl.col("ts"))).iter_rows())
    lost = {row for row in raw.select("ticker", "date").iter_rows() if row[1] in days} - kept
    # A bar contradicts itself, or one of its prices is five times away from the close before.
    high, low = pl.max_horizontal("open", "close"), pl.min_horizontal("open", "close")
    itself = (high > pl.col("high") * 1.000001) | (low * 1.000001 < pl.col("low"))
    before = pl.col("close").shift(1).over("ticker")
    far = (before > 5 * pl.col("low")) & (pl.col("close").shift(-1).over("ticker") > 5 * pl.col("low"))
    assert lost == set(raw.filter(itself | far).select("ticker", "date").iter_rows())
    assert {("DDS", date(2008, 4, 16)), ("DWDP", date(1991, 8, 12)), ("DWDP", date(1991, 8, 13))} <= lost
    assert told(bars, "spike")["count"] + told(bars, "wick")["count"] + told(bars, "ohlc_inconsistent")[
        "count"
    ] == len(lost)
    changes = bars.frame.select((pl.col("close") / pl.col("close").shift(1).over("ticker")).log().abs().max())
    assert changes.item() < np.log(2)


def test_names_that_vanish_are_delisted_with_the_return_that_is_asked_for(pystock):
    frame = pystock.frame
    days = sorted(new_york_sessions(date(2015, 1, 1), date(2017, 12, 31)))
    last = frame.group_by("ticker").agg(pl.col("ts").max()).with_columns(day=new_york_date(pl.col("ts")))
    end = days.index(last["day"].max())
    gone = last.filter(pl.Series([end - days.index(day) > 10 for day in last["day"]], dtype=pl.Boolean)).sort(
        "ticker"
    )
    assert 1000 < gone.height < 1200
    assert pystock.delistings.select("ticker", "ts").equals(gone.select("ticker", "ts"))
    assert set(pystock.delistings["delisting_return"]) == {-0.3}
    assert pystock.quality["delistings"]["inferred"] == gone.height


def test_first_published_rows_and_bad_prints(real_data, pystock):
    raw = pl.read_parquet(real_data / PYSTOCK)
    zero = raw.filter(pl.min_horizontal("open", "high", "low", "close") <= 0)
    assert set(zero["ticker"]) == {"CUI"}
    assert told(pystock, "non_positive")["count"] == zero.height
    no_time = raw.filter(pl.col("date").is_null())
    assert told(pystock, "missing_key")["count"] == no_time.height == 1
    days = set(new_york_sessions(date(2015, 1, 1), date(2017, 12, 31)))
    judged = raw.join(zero, on=["ticker", "date"], how="anti").filter(pl.col("date").is_not_null())
    assert pystock.quality["rows_no_session"] == (~judged["date"].is_in(list(days))).sum() > 100
    masked = sum(
        each["count"] for each in pystock.quality["rules"] if each["action"] in ("masked", "dropped")
    )
    assert pystock.frame.height == raw.height - masked - pystock.quality["rows_no_session"]


def test_currencies_open_on_sunday_evening(real_data, parquet):
    settings = {"columns": {"volume": "tick_volume"}, "input_timezone": "Europe/Helsinki"}
    source = parquet(real_data / FX, "calendar=forex", **settings)
    bars = source.load()
    raw = pl.read_parquet(real_data / FX)
    shut = 0
    for wall, rows in raw["ts"].value_counts().iter_rows():
        start = wall.replace(tzinfo=ZoneInfo("Europe/Helsinki")).astimezone(NEW_YORK).replace(tzinfo=None)
        week = (start.weekday() + 1) % 7 * 24 + start.hour  # hours since Sunday 0:00 in New York
        shut += rows * (not 17 <= week < 5 * 24 + 17)
    assert bars.quality["rows_outside_session"] == shut
    assert bars.frame.height == raw.height - shut
    dates = source.clock.dates(bars.frame["ts"].to_physical().to_numpy())
    weekday = np.unique((dates + 3) % 7)  # 1970-01-01 was a Thursday
    assert weekday.tolist() == [0, 1, 2, 3, 4]
    assert told(bars, "timezone_suspicion")["count"] == 0
    naive = parquet(real_data / FX, "calendar=forex", columns={"volume": "tick_volume"}).load()
    assert told(naive, "timezone_suspicion")["count"] > 0


def test_currencies_of_a_session_begin_at_five_in_new_york(real_data, parquet):
    settings = {"columns": {"volume": "tick_volume"}, "input_timezone": "Europe/Helsinki"}
    days = parquet(
        real_data / FX, "calendar=forex", tickers=["GBPUSD"], resample_minutes="session", **settings
    ).load()
    raw = pl.read_parquet(real_data / FX).filter(pl.col("ticker") == "GBPUSD").sort("ts")
    zone = pl.col("ts").dt.replace_time_zone("Europe/Helsinki").dt.convert_time_zone("America/New_York")
    wall = zone.dt.replace_time_zone(None)
    monday = raw.filter(wall.is_between(pl.datetime(2020, 6, 7, 17), pl.datetime(2020, 6, 8, 16)))
    assert monday.height == 24
    row = days.frame.filter(new_york_date(pl.col("ts")) == date(2020, 6, 8)).row(0, named=True)
    assert row["ts"].astimezone(NEW_YORK).hour == 17
    assert (row["open"], row["close"]) == (monday["open"][0], monday["close"][-1])
    assert (row["high"], row["low"]) == (monday["high"].max(), monday["low"].min())
    assert row["volume"] == monday["tick_volume"].sum()
