"""The rules on real files; every expectation is worked out here from the raw rows."""

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from quality_bars import found, quality

from ploutos.data.calendars.exchange import Exchange
from ploutos.data.calendars.forex import Forex

pytestmark = pytest.mark.real_data
FACTOR = 5.0


def with_close_times(frame):
    """Label daily rows by New York's 16:00; enough where no session is asked for."""
    at_close = (pl.col("ts").cast(pl.Datetime("us")) + pl.duration(hours=16)).dt.replace_time_zone(
        "America/New_York"
    )
    return frame.with_columns(ts=at_close.dt.convert_time_zone("UTC"))


def daily(path):
    return pl.read_parquet(path).rename({"date": "ts"})


def times(rows):
    return {each["ts"][:10] for each in rows}


@pytest.fixture(scope="module")
def pystock(real_data):
    raw = daily(real_data / "pystock_us_daily_2015_2017_raw_pit.parquet")
    kept, report = quality().check_rows(raw, file="pystock")
    return raw, with_close_times(kept), found(report)


@pytest.fixture(scope="module")
def judged(pystock):
    """What the spike rule leaves of the whole file."""
    kept, report = quality().spike.apply(pystock[1], file="pystock", splits=None)
    return kept, found([each.as_dict() for each in report])


def test_decimal_slips_of_one_day_are_masked_and_their_neighbours_stay(real_data):
    raw = daily(real_data / "hugestock_pit_members_daily_1962_2017_adj.parquet")
    same = {n: pl.col("ticker") == pl.col("ticker").shift(n) for n in (1, -1)}
    close = pl.col("close")
    before, after = (pl.when(same[n]).then(close.shift(n)) for n in (1, -1))
    around = pl.max_horizontal(before, after) < 1.5 * pl.min_horizontal(before, after)
    slips = raw.filter(around & ((close > FACTOR * before) | (close * FACTOR < before)))
    known = [("DDS", date(2008, 4, 16)), ("EIX", date(2009, 9, 1)), ("NUE", date(2007, 1, 16))]
    assert set(known) <= set(slips.select("ticker", "ts").rows())
    frame = with_close_times(raw)
    kept, report = quality(spike={"wick_action": "kept"}).spike.apply(frame, file="x", splits=None)
    lost = frame.join(kept, on=["ticker", "ts"], how="anti")
    assert lost.sort("ticker", "ts").equals(with_close_times(slips).sort("ticker", "ts"))
    assert found([each.as_dict() for each in report])["spike"]["count"] == slips.height


def test_the_same_slips_contradict_their_own_bars(real_data):
    raw = daily(real_data / "hugestock_pit_members_daily_1962_2017_adj.parquet")
    highest, lowest = pl.max_horizontal("open", "close"), pl.min_horizontal("open", "close")
    bad = raw.filter((highest > pl.col("high") * 1.000001) | (lowest * 1.000001 < pl.col("low")))
    kept, report = quality().check_rows(raw, file="x")
    assert found(report)["ohlc_inconsistent"]["count"] == bad.height > 0
    assert kept.height == raw.height - bad.height


@pytest.mark.parametrize("times_", [100.0, 0.01])
def test_a_hundredfold_tick_in_real_bars_costs_its_bar_alone(real_data, times_):
    raw = daily(real_data / "hugestock_pit_members_daily_1962_2017_adj.parquet")
    stock = with_close_times(raw.filter(pl.col("ticker") == "IBM")).with_row_index("row")
    row = stock.filter(pl.col("ts").dt.date() == date(2007, 5, 2))["row"].item()
    tick = pl.when(pl.col("row") == row).then(times_).otherwise(1.0)
    ticked = stock.with_columns(pl.col("open", "high", "low", "close") * tick).drop("row")
    kept, report = quality().spike.apply(ticked, file="x", splits=None)
    assert kept.equals(stock.filter(pl.col("row") != row).drop("row"))
    assert found([each.as_dict() for each in report])["level_shift"]["count"] == 0


def test_a_header_line_and_prices_of_nothing(pystock):
    raw, kept, report = pystock
    assert report["missing_key"]["count"] == raw["ts"].null_count() == 1
    nothing = raw.filter(pl.min_horizontal("open", "high", "low", "close") <= 0)
    assert set(nothing["ticker"]) == {"CUI"}
    assert report["non_positive"]["count"] == nothing.height
    assert kept.filter(pl.min_horizontal("open", "high", "low", "close") <= 0).is_empty()


def test_the_lone_bad_prints_of_a_brewer(pystock, judged):
    raw = pystock[0].filter(pl.col("ticker") == "SAB").sort("ts")
    prints = raw.filter(pl.col("close") < 100)
    assert prints["ts"].to_list() == [date(2016, 12, 27), date(2017, 3, 21)]
    kept = judged[0].filter(pl.col("ticker") == "SAB")
    assert kept["close"].to_list() == raw.filter(pl.col("close") >= 100)["close"].to_list()


def test_a_young_level_gives_way_and_a_lone_print_does_not_come_back(pystock, judged):
    """GMC: a listing that begins at 0.05, then 37,300 and on, with one print of 0.71 on the way."""
    raw = pystock[0].filter(pl.col("ticker") == "GMC").sort("ts")
    jump = raw.filter(pl.col("close") > 30_000)["ts"].min()
    lone = raw.filter(pl.col("close").is_between(0.1, 30_000))["ts"].item()
    assert (jump, lone, raw["ts"].is_in([jump]).arg_max()) == (date(2015, 4, 2), date(2015, 4, 27), 2)
    kept = judged[0].filter(pl.col("ticker") == "GMC")
    assert kept["ts"].dt.date().to_list() == raw.filter(~pl.col("ts").is_in([jump, lone]))["ts"].to_list()


def test_two_prices_under_one_name_do_not_alternate(judged):
    """CUI holds a warrant of a cent and a share of six dollars in turns."""
    kept = judged[0].filter(pl.col("ticker") == "CUI")["close"].to_numpy()
    jumps = np.maximum(kept[1:] / kept[:-1], kept[:-1] / kept[1:])
    assert (jumps <= FACTOR).all()


def test_every_jump_that_is_left_is_told(judged):
    kept, report = judged
    before = pl.when(pl.col("ticker") == pl.col("ticker").shift(1)).then(pl.col("close").shift(1))
    far = (pl.col("close") > FACTOR * before) | (pl.col("close") * FACTOR < before)
    jumps = kept.filter(far)
    assert report["level_shift"]["count"] == jumps.height > 0


def test_a_reverse_split_of_a_hundred_waits_for_its_split(pystock):
    """Aeterna Zentaris, 1 for 100 on 2015-11-20: from 0.04 to 4.23."""
    frame = pystock[1].filter(pl.col("ticker") == "AEZS")
    day = frame.filter(pl.col("ts").dt.date() == date(2015, 11, 20))
    before = frame.filter(pl.col("ts") < day["ts"])["close"][-1]
    assert 75 < day["close"].item() / before < 125
    unknown, _ = quality().spike.apply(frame, file="x", splits=None)
    assert unknown["ts"].max() < day["ts"].item()
    splits = pl.DataFrame({"ticker": ["AEZS"], "ts": day["ts"], "split": [1 / 100]})
    known, _ = quality(spike={"wick_action": "kept"}).spike.apply(frame, file="x", splits=splits)
    assert known.equals(frame)


def test_versions_of_real_rows_are_chosen_by_publication(pystock):
    raw = pystock[0].filter(pl.col("ticker") == "AAPL").sort("ts")
    assert (raw["asof"] >= raw["ts"]).all()
    revised = raw[100:110].with_columns(pl.col("close") * 1.001, pl.col("asof") + timedelta(days=30))
    revised = revised.with_columns(high=pl.max_horizontal("high", "close"))
    both = pl.concat([revised, raw, raw[5:8]])
    kept, report = quality().check_rows(both, file="x")
    assert kept.equals(raw)
    told = found(report)
    assert (told["duplicate"]["count"], told["conflicting_duplicate"]["count"]) == (3, 10)
    last, _ = quality(duplicate={"conflict": "last_published"}).check_rows(both, file="x")
    assert last.filter(pl.col("asof") > pl.col("ts") + pl.duration(days=20)).equals(revised)


def lean_splits(real_data, ticker):
    """Return the splits of the factor file: where `split_factor` changes from one line to the next."""
    lines = pl.read_parquet(real_data / "lean_factor_and_map_lines.parquet").filter(
        (pl.col("kind") == "factor_files") & (pl.col("ticker") == ticker)
    )
    parts = sorted(line.split(",") for line in lines["line"])
    found_ = [
        (date(int(a[0][:4]), int(a[0][4:6]), int(a[0][6:])), round(float(b[2]) / float(a[2]), 3))
        for a, b in pairwise(parts)
        if abs(float(b[2]) / float(a[2]) - 1) > 0.01
    ]
    last_day = pl.Series([day for day, _ in found_], dtype=pl.Date)
    ts = last_day.cast(pl.Datetime("us")).dt.replace_time_zone("America/New_York") + timedelta(hours=20)
    return pl.DataFrame(
        {
            "ticker": [ticker] * len(found_),
            "ts": ts.dt.convert_time_zone("UTC"),
            "split": [split for _, split in found_],
        }
    )


def test_raw_prices_pass_their_known_splits_and_lose_a_bar_to_unknown_ones(real_data):
    frame = with_close_times(daily(real_data / "lean_us_daily_1998_2021_raw.parquet"))
    frame = frame.filter(pl.col("ticker") == "AAPL")
    close = frame.with_columns(ratio=pl.col("close").shift(1) / pl.col("close"))
    big = close.filter(pl.col("ratio") > 3).select(pl.col("ts").dt.date(), pl.col("ratio").round(0))
    assert big.rows() == [(date(2014, 6, 9), 7.0), (date(2020, 8, 31), 4.0)]
    splits = lean_splits(real_data, "AAPL")
    assert splits["split"].to_list() == [2.0, 2.0, 7.0, 4.0]
    tight = quality(spike={"factor": 1.5, "wick_action": "kept"}).spike
    crash = date(2000, 9, 29)  # 53.38 to 25.81 after a profit warning, no split
    kept, _ = tight.apply(frame, file="x", splits=splits)
    assert frame.join(kept, on="ts", how="anti")["ts"].dt.date().to_list() == [crash]
    blind, _ = tight.apply(frame, file="x", splits=None)
    lost = set(frame.join(blind, on="ts", how="anti")["ts"].dt.date())
    assert lost == {crash, date(2000, 6, 21), date(2005, 2, 28), date(2014, 6, 9), date(2020, 8, 31)}
    standard, _ = quality(spike={"wick_action": "kept"}).spike.apply(frame, file="x", splits=None)
    assert frame.join(standard, on="ts", how="anti")["ts"].dt.date().to_list() == [date(2014, 6, 9)]


def test_names_that_another_company_took_over_are_not_lost(real_data):
    frame = with_close_times(daily(real_data / "lean_us_daily_1998_2021_raw.parquet"))
    for ticker, taken in (("WM", date(2009, 8, 5)), ("USO", date(2006, 4, 10))):
        stock = frame.filter(pl.col("ticker") == ticker)
        _, report = quality().spike.apply(stock, file="x", splits=None)
        told = found([each.as_dict() for each in report])
        assert taken.isoformat() in times(told["level_shift"]["examples"])
        assert told["rise_limit"]["count"] == 0


def zone(frame, calendar, input_timezone, label="open"):
    first, last = frame["ts"].min().date(), frame["ts"].max().date()
    table = calendar.sessions(first - timedelta(days=3), last + timedelta(days=3))
    report = quality().check_zone(
        frame, table, bar_minutes=60, label=label, input_timezone=input_timezone, file="x"
    )
    told = found(report)["timezone_suspicion"]
    return {each["half_year"]: each["shift_hours"] for each in told["examples"]}


def test_us_hours_in_utc_are_suspected_when_read_as_new_york(real_data):
    frame = pl.read_parquet(real_data / "ploutos_us_hourly_2020_2026_UTC.parquet")
    exchange = Exchange(code="XNYS")
    assert zone(frame, exchange, "America/New_York") == {}  # these times carry their zone
    naive = frame.with_columns(pl.col("ts").dt.replace_time_zone(None))
    assert zone(naive, exchange, "UTC") == {}
    assert zone(naive, exchange, "America/New_York") == {"winter": -5.0, "summer": -4.0}


def test_us_hours_of_the_session_alone_are_suspected_when_read_as_utc(real_data):
    frame = pl.read_parquet(real_data / "lean_us_hourly_1998_2021_raw_ET.parquet")
    frame = frame.filter(pl.col("ts").dt.year() >= 2010)
    exchange = Exchange(code="XNYS")
    assert zone(frame, exchange, "America/New_York") == {}
    assert zone(frame, exchange, "UTC") == {"winter": 5.0, "summer": 4.0}
    assert zone(frame, exchange, "America/New_York", label="close") == {"winter": 1.0, "summer": 1.0}


@pytest.mark.parametrize("which", ["us", "us_auction", "us_session", "lean", "fx"])
def test_real_hours_are_right_as_they_are_and_told_when_shifted(real_data, which):
    """By every whole hour, and with two fifths of all volume in the hour after the close."""
    exchange, zone_of = Exchange(code="XNYS"), "UTC"
    if which == "fx":
        exchange, zone_of = Forex(timezone="America/New_York", day_starts="17:00"), "Europe/Helsinki"
        frame = pl.read_parquet(real_data / "fx_gold_hourly_2012_2022.parquet")
        frame = frame.rename({"tick_volume": "volume"}).filter(pl.col("ts").dt.year() < 2016)
    elif which == "lean":
        zone_of = "America/New_York"
        frame = pl.read_parquet(real_data / "lean_us_hourly_1998_2021_raw_ET.parquet")
        frame = frame.filter(pl.col("ts").dt.year() > 2016)
    else:
        frame = pl.read_parquet(real_data / "ploutos_us_hourly_2020_2026_UTC.parquet")
        frame = frame.filter(pl.col("ts").dt.year() < 2023)
        hour = pl.col("ts").dt.convert_time_zone("America/New_York").dt.hour()
        if which == "us_session":
            frame = frame.filter(hour.is_between(9, 15))
        if which == "us_auction":
            auction = pl.when(hour == 16).then(pl.col("volume").sum().over("ticker") / 1100)
            frame = frame.with_columns(volume=auction.otherwise("volume"))
    if frame.schema["ts"].time_zone is None:
        at = pl.col("ts").dt.replace_time_zone(zone_of, ambiguous="earliest", non_existent="null")
        frame = frame.with_columns(at.dt.convert_time_zone("UTC")).drop_nulls("ts")
    frame = frame.sort("ticker", "ts")
    assert zone(frame, exchange, "UTC") == {}
    for hours in (-12, -9, -6, -5, -3, -1, 1, 2, 4, 7, 8, 11):
        shifted = frame.with_columns(pl.col("ts").dt.offset_by(f"{hours}h"))
        assert zone(shifted, exchange, "UTC") == {"winter": -hours, "summer": -hours}, hours


def test_currencies_on_a_brokers_clock_are_suspected_when_read_as_utc(real_data):
    """The zone of this file is not documented: its weeks run from Monday 00:00 to Friday 24:00 all year."""
    frame = pl.read_parquet(real_data / "fx_gold_hourly_2012_2022.parquet")
    frame = frame.rename({"tick_volume": "volume"})
    forex = Forex(timezone="America/New_York", day_starts="17:00")
    assert zone(frame, forex, "UTC") == {"winter": -2.0, "summer": -3.0}
    broker = frame.with_columns(pl.col("ts").dt.offset_by("-7h"))  # New York's clock, seven hours on
    assert zone(broker, forex, "America/New_York") == {}
