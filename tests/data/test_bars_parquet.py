"""The Parquet source: labels, zones, sessions, columns, folders, identity."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hydra.errors import InstantiationException

from ploutos.types import ConfigError, DataError
from ploutos.types.bars import BAR_COLUMNS
from ploutos.types.session import SessionClock

NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def file(tmp_path, clean):
    path = tmp_path / "bars.parquet"
    clean.write_parquet(path)
    return path


def counts(bars):
    return {name: value for name, value in bars.quality.items() if name.startswith("rows_") and value}


def test_session_bars_are_labelled_by_close_and_the_rest_is_counted(file, parquet):
    source = parquet(file)
    bars = source.load()
    assert bars.frame.columns == list(BAR_COLUMNS)
    assert bars.frame["ts"].dtype == pl.Datetime("us", "UTC")
    aaa = bars.frame.filter(pl.col("ticker") == "AAA")
    assert aaa["ts"].to_list() == [datetime(2024, 1, 3, 16 + h, tzinfo=UTC) for h in range(6)]
    assert aaa["open"].to_list() == [101.0 + h for h in range(6)]  # the 09:00 bar opened at 100
    assert counts(bars) == {"rows_read": 18, "rows_mixed_bar": 2, "rows_outside_session": 4, "rows_kept": 12}
    assert bars.quality["tickers"] == 2
    assert bars.actions.is_empty() and bars.delistings.is_empty()
    assert source.clock == SessionClock("America/New_York", "00:00", 251.55)


def test_clipped_the_first_bar_lasts_from_the_open_to_ten(file, parquet):
    bars = parquet(file, partial_bars="clip").load()
    aaa = bars.frame.filter(pl.col("ticker") == "AAA")
    assert aaa["ts"].to_list() == [datetime(2024, 1, 3, 15 + h, tzinfo=UTC) for h in range(7)]
    assert aaa["open"][0] == 100.0
    assert bars.quality["rows_clipped"] == 2


def test_a_file_labelled_by_close_gives_the_same_bars(tmp_path, clean, file, parquet):
    by_close = tmp_path / "by_close.parquet"
    clean.with_columns(pl.col("ts") + pl.duration(hours=1)).write_parquet(by_close)
    assert parquet(by_close, label="close").load().frame.equals(parquet(file).load().frame)


def test_naive_wall_times_are_read_in_the_input_timezone(tmp_path, clean, file, parquet):
    naive = tmp_path / "naive.parquet"
    wall = pl.col("ts").dt.convert_time_zone("America/New_York").dt.replace_time_zone(None)
    clean.with_columns(wall.dt.cast_time_unit("ns")).write_parquet(naive)
    found = parquet(naive, input_timezone="America/New_York").load()
    assert found.frame.equals(parquet(file).load().frame)


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
def test_the_zone_that_times_carry_does_not_matter(tmp_path, clean, file, parquet, zone):
    other = tmp_path / "other.parquet"
    clean.with_columns(pl.col("ts").dt.convert_time_zone(zone)).write_parquet(other)
    assert parquet(other).load().frame.equals(parquet(file).load().frame)


def test_order_of_rows_and_columns_other_columns_and_types_do_not_matter(tmp_path, clean, file, parquet):
    other = tmp_path / "other.parquet"
    shuffled = clean.sort("ts", "ticker").with_columns(
        pl.col("volume").cast(pl.Int64), pl.col("ticker").cast(pl.Categorical), note=pl.lit("x")
    )
    shuffled.select(reversed(shuffled.columns)).write_parquet(other)
    assert parquet(other).load().frame.equals(parquet(file).load().frame)


def test_a_market_that_never_closes_keeps_every_bar(file, parquet):
    bars = parquet(file, "calendar=always_open").load()
    assert bars.quality["rows_kept"] == bars.quality["rows_read"] == 18
    assert parquet(file, "calendar=forex").clock == SessionClock("America/New_York", "17:00")


def test_columns_of_other_names_and_a_market_without_volume(tmp_path, clean, file, parquet):
    path = tmp_path / "renamed.parquet"
    theirs = {"ts": "Time", "ticker": "Symbol", "open": "O", "high": "H", "low": "L", "close": "C"}
    clean.rename(theirs).drop("volume").write_parquet(path)
    bars = parquet(path, columns=theirs | {"volume": None}).load()
    assert bars.frame.equals(parquet(file).load().frame.with_columns(volume=pl.lit(0.0)))


def test_one_column_may_stand_for_all_prices(tmp_path, clean, parquet):
    path = tmp_path / "one.parquet"
    clean.select("ts", "ticker", "close").write_parquet(path)
    prices = dict.fromkeys(("open", "high", "low"), "close")
    frame = parquet(path, columns=prices | {"volume": None}).load().frame
    assert frame["open"].equals(frame["close"]) and frame.height == 12


def test_a_folder_with_a_file_a_ticker(tmp_path, clean, file, parquet):
    folder = tmp_path / "folder"
    folder.mkdir()
    clean.filter(pl.col("ticker") == "AAA").drop("ticker").write_parquet(folder / "AAA.parquet")
    of_b = clean.filter(pl.col("ticker") == "BBB").drop("ticker")
    of_b.with_columns(pl.col("ts").dt.cast_time_unit("ms")).write_parquet(folder / "BBB.pq")
    (folder / "notes.md").write_text("not bars")
    (folder / ".BBB.parquet").write_bytes(b"left by a program")
    source = parquet(folder, columns={"ticker": None})
    assert source.load().frame.equals(parquet(file).load().frame)
    assert source.load().quality["files"] == 2
    one = parquet(folder, columns={"ticker": None}, tickers=["BBB"]).load()
    assert one.frame["ticker"].unique().to_list() == ["BBB"]
    with pytest.raises(ConfigError, match=r"tickers: unknown value 'BBC'\. Nearest: 'BBB'"):
        parquet(folder, columns={"ticker": None}, tickers=["AAA", "BBC"]).load()
    before = source.fingerprint()
    (folder / "BBB.pq").rename(folder / "CCC.pq")
    assert parquet(folder, columns={"ticker": None}).fingerprint() != before


def test_a_folder_of_parts_of_one_table(tmp_path, clean, file, parquet):
    folder = tmp_path / "parts"
    folder.mkdir()
    for number in range(3):
        clean[6 * number : 6 * number + 6].write_parquet(folder / f"part_{number}.parquet")
    assert parquet(folder).load().frame.equals(parquet(file).load().frame)
    before = parquet(folder).fingerprint()
    (folder / "part_2.parquet").rename(folder / "part_3.parquet")
    assert parquet(folder).fingerprint() == before


def test_tickers_select_and_only_these_are_judged(tmp_path, clean, parquet):
    path = tmp_path / "bad_b.parquet"
    bad = pl.when(pl.col("ticker") == "BBB").then(-1.0).otherwise("close")
    clean.with_columns(bad.alias("close")).write_parquet(path)
    bars = parquet(path, "quality=strict", tickers=["AAA"]).load()
    assert bars.frame["ticker"].unique().to_list() == ["AAA"]
    assert bars.quality["rows_other_tickers"] == 9
    with pytest.raises(ConfigError, match=r"unknown value 'AAB'\. Nearest: 'AAA'"):
        parquet(path, tickers=["AAB"]).load()
    with pytest.raises(DataError, match="ticker BBB"):
        parquet(path, "quality=strict").load()


def test_daily_bars_close_with_their_session(tmp_path, parquet):
    days = [date(2024, 7, 2), date(2024, 7, 3), date(2024, 7, 4), date(2024, 7, 5)]
    prices = {name: [10.0] * 4 for name in ("open", "high", "low", "close")}
    path = tmp_path / "daily.parquet"
    frame = pl.DataFrame({"ts": days, "ticker": ["AAA"] * 4, **prices, "volume": [1] * 4})
    frame.write_parquet(path)
    bars = parquet(path, bar_minutes=None).load()
    # 3 July closes at 13:00 in New York, 4 July is no session.
    closes = [datetime(2024, 7, day, hour, tzinfo=UTC) for day, hour in ((2, 20), (3, 17), (5, 20))]
    assert bars.frame["ts"].to_list() == closes
    assert bars.quality["rows_no_session"] == 1
    frame.with_columns(pl.col("ts").cast(pl.Datetime("ns"))).write_parquet(path)
    assert parquet(path, bar_minutes=None).load().frame.equals(bars.frame)
    with pytest.raises(DataError, match=r"daily\.parquet: ts has type Date.* Nearest: bar_minutes=null"):
        frame.write_parquet(path)
        parquet(path).load()


def test_hours_become_two_hours_and_sessions(file, parquet):
    two = parquet(file, partial_bars="clip", resample_minutes=120).load()
    aaa = two.frame.filter(pl.col("ticker") == "AAA")
    assert aaa["ts"].dt.hour().to_list() == [15, 17, 19, 21]  # 10:00, 12:00, 14:00, 16:00 in New York
    assert aaa["volume"].to_list() == [1000.0, 2000.0, 2000.0, 2000.0]
    (day,) = parquet(file, resample_minutes="session").load().frame.filter(pl.col("ticker") == "AAA").rows()
    assert day == (datetime(2024, 1, 3, 21, tzinfo=UTC), "AAA", 101.0, 108.0, 100.0, 107.0, 6000.0)


def test_splits_and_dividends_of_columns_become_actions(tmp_path, clean, parquet):
    path = tmp_path / "raw.parquet"
    first = (pl.col("ticker") == "BBB") & (pl.col("ts").dt.hour() == 16)
    both = {"split": pl.when(first).then(2.0), "dividend": pl.when(first).then(0.5)}
    clean.with_columns(**both).write_parquet(path)
    bars = parquet(path, "actions=columns", columns={"split": "split", "dividend": "dividend"}).load()
    assert bars.actions.select("ticker", "split", "dividend").rows() == [("BBB", 2.0, 0.5)]
    assert bars.frame.columns == list(BAR_COLUMNS)
    assert bars.quality["actions"]["splits"] == 1


def test_an_explicit_delisting_wins(tmp_path, clean, file, parquet):
    table = tmp_path / "gone.parquet"
    wanted = {"ticker": ["BBB"], "delisting_return": [-0.4]}
    close = datetime(2024, 1, 3, 21, tzinfo=UTC)
    pl.DataFrame(wanted | {"ts": [None]}).write_parquet(table)
    assert parquet(file, delistings=str(table)).load().delistings.rows() == [("BBB", close, -0.4)]
    pl.DataFrame(wanted | {"ts": [close.astimezone(NEW_YORK)]}).write_parquet(table)
    assert parquet(file, delistings=str(table)).load().delistings.rows() == [("BBB", close, -0.4)]
    pl.DataFrame(wanted | {"ts": [date(2024, 1, 3)]}).write_parquet(table)  # all of that session
    end = datetime(2024, 1, 4, 5, tzinfo=UTC)  # midnight in New York
    assert parquet(file, delistings=str(table)).load().delistings.rows() == [("BBB", end, -0.4)]
    for wrong, message in (
        ({"ts": [datetime(2024, 1, 3)]}, "must be a date or a date-time with a zone"),
        ({"ts": [None], "delisting_return": ["x"]}, "must be a number"),
        ({"ts": [None, None], "ticker": ["A", "A"], "delisting_return": [0.0, 0.0]}, "more than once"),
    ):
        pl.DataFrame(wanted | wrong).write_parquet(table)
        with pytest.raises(DataError, match=message):
            parquet(file, delistings=str(table)).load()


def test_fingerprint_follows_content_and_settings_not_the_name(tmp_path, clean, file, parquet):
    copy = tmp_path / "elsewhere" / "copy.parquet"
    copy.parent.mkdir()
    copy.write_bytes(file.read_bytes())
    before = parquet(file).fingerprint()
    assert parquet(copy).fingerprint() == before
    for changes in ({"tickers": ["AAA"]}, {"label": "close"}, {"delisted_after_sessions": 3}):
        assert parquet(file, **changes).fingerprint() != before
    for choice in ("calendar=forex", "quality=strict", "actions=columns"):
        assert parquet(file, choice).fingerprint() != before
    assert parquet(file, quality={"spike": {"factor": 6.0}}).fingerprint() != before
    clean.with_columns(pl.col("volume") + 1).write_parquet(copy)
    assert parquet(copy).fingerprint() != before
    assert str(tmp_path) not in str(before)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"input_timezone": "America/New_Yrok"}, "Nearest: 'America/New_York'"),
        ({"calendar": {"code": "XNYC"}}, "Nearest: 'XNYS'"),
        ({"tickers": []}, "tickers: the list is empty"),
        ({"bar_minutes": 0}, "bar_minutes"),
        ({"label": "middle"}, "label"),
        ({"tickers": "AAPL"}, "tickers"),
        ({"resample_minutes": "day"}, "resample_minutes"),
        ({"delisting_return": -1.5}, "delisting_return"),
        ({"columns": {"opne": "o"}}, "opne"),
    ],
)
def test_impossible_settings_are_refused(file, parquet, overrides, message):
    with pytest.raises((ConfigError, InstantiationException, ValueError), match=message):
        parquet(file, **overrides)


@pytest.mark.real_data
def test_the_real_file_has_sessions_of_six_bars_on_both_sides_of_daylight_saving(real_data, parquet):
    path = real_data / "ploutos_us_hourly_2020_2026_UTC.parquet"
    bars = parquet(path).load()
    local = bars.frame.select(pl.col("ts").dt.convert_time_zone("America/New_York")).to_series()
    assert sorted(local.dt.time().unique().to_list()) == [time(h) for h in range(11, 17)]
    assert local.dt.base_utc_offset().n_unique() == 1 and local.dt.dst_offset().n_unique() == 2
    per_session = local.unique().to_frame("ts").group_by(pl.col("ts").dt.date()).len()
    short = per_session.filter(pl.col("len") != 6)
    # Early closes at 13:00 leave three whole hours.
    assert (
        set(short["len"]) == {3}
        and short["ts"]
        .dt.strftime("%m-%d")
        .is_in(["07-03", "12-24", "11-24", "11-25", "11-26", "11-27", "11-28", "11-29"])
        .all()
    )


@pytest.mark.parametrize("lost", ["before the session", "bad price", "no session"])
def test_a_split_survives_the_loss_of_its_row(tmp_path, clean, parquet, lost):
    path = tmp_path / "raw.parquet"
    own = (pl.col("ticker") == "BBB") & (
        pl.col("ts").dt.hour() == (14 if lost == "before the session" else 15)
    )
    frame = clean.with_columns(split=pl.when(own).then(2.0), dividend=pl.lit(None, pl.Float64))
    if lost == "bad price":
        frame = frame.with_columns(close=pl.when(own).then(-1.0).otherwise("close"))
    if lost == "no session":  # New Year's Day
        holiday = frame.filter(own).with_columns(pl.col("ts").dt.offset_by("-2d"))
        day_before = clean.with_columns(
            pl.col("ts").dt.offset_by("-5d"),
            split=pl.lit(None, pl.Float64),
            dividend=pl.lit(None, pl.Float64),
        )
        frame = pl.concat([day_before, holiday, frame.with_columns(split=pl.lit(None, pl.Float64))])
        frame = frame.sort("ticker", "ts")
    frame.write_parquet(path)
    names = {"split": "split", "dividend": "dividend"}
    bars = parquet(path, "actions=columns", columns=names).load()
    ((ticker, ts, split),) = bars.actions.select("ticker", "ts", "split").rows()
    assert (ticker, split) == ("BBB", 2.0)
    assert ts <= datetime(2024, 1, 3, 16, tzinfo=UTC)  # the first bar of the session
    assert ts > datetime(2024, 1, 2, 21, tzinfo=UTC)


def test_a_split_in_every_row_of_its_session_is_refused(tmp_path, clean, parquet):
    path = tmp_path / "raw.parquet"
    clean.with_columns(split=3.0).write_parquet(path)
    settings = {"columns": {"split": "split"}, "actions": {"dividend": None}}
    with pytest.raises(DataError, match=r"ticker AAA has more than one split on 2024-01-03.* is 3; leave it"):
        parquet(path, "actions=columns", **settings).load()
