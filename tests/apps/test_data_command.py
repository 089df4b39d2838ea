"""`ploutos data`: what it says and writes of a market."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from commands import run
from data_reports import MARKET, SESSIONS, report_lines


def test_the_report_of_a_synthetic_market(tmp_path: Path) -> None:
    said = report_lines(run("data", *MARKET, folder=tmp_path))
    (file,) = tmp_path.glob("outputs/data/small/*/data.json")
    told = json.loads(file.read_text())
    assert said["tickers"] == ["3: SYN1, SYN2, SYN3"] and told["tickers"] == ["SYN1", "SYN2", "SYN3"]
    assert said["bars"] == [f"{3 * 2 * SESSIONS:,} at {2 * SESSIONS:,} times"]
    assert (told["bars"], told["rows"]) == (3 * 2 * SESSIONS, 2 * SESSIONS)
    # 13:00 and 16:00 in New York, in winter.
    first, last = "2018-01-02T18:00:00+00:00", "2019-01-01T21:00:00+00:00"
    assert said["from, to"] == [f"{first}  {last}  (bar close)"]
    assert (told["first"], told["last"]) == (first, last)
    assert said["rows dropped"] == said["silent ends"] == ["none"] and said["delisted"] == ["0"]
    assert said["members"] == [f"{100 * told['member_share']:.1f} % of times x tickers"]
    assert told["sessions_per_year"] == pytest.approx(261, abs=1)
    assert said["features"][0].startswith(f"{len(told['features'])}: return_1, ")
    place = tmp_path / ".ploutos/panels" / told["address"]
    assert said["address"] == [told["address"]] and len(told["address"]) == 64
    size = sum(path.stat().st_size for path in place.iterdir())
    assert said["folder"] == [f"{place}  ({size / 1e6:.1f} MB)"] and told["bytes"] == size
    assert said["report"] == [str(file)]
    # No rule judged these rows.
    assert "quality page" not in said and "finding" not in said
    assert [path.name for path in file.parent.iterdir() if path.suffix == ".html"] == []


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of hourly bars, labelled by their start in UTC, in which a few rows are wrong."""
    begin = date(2024, 1, 2)
    days = [begin + timedelta(days=n) for n in range(40)]
    days = [day for day in days if day.weekday() < 5 and day != date(2024, 1, 15)]  # a holiday
    rows = [
        (datetime(day.year, day.month, day.day, hour, tzinfo=UTC), ticker)
        for ticker in ("AAA", "BBB", "CCC")
        for day in (days if ticker != "CCC" else days[:20])
        for hour in range(15, 21)  # 10:00 to 16:00 in New York
    ]
    close = 50.0 + np.random.default_rng(0).normal(0, 0.05, len(rows)).cumsum()
    frame = pl.DataFrame(
        {
            "ts": pl.Series([ts for ts, _ in rows], dtype=pl.Datetime("us", "UTC")),
            "ticker": [ticker for _, ticker in rows],
            "open": close,
            "high": close + 0.1,
            "low": close - 0.1,
            "close": close + 0.05,
            "volume": 1000.0,
        }
    )
    third = datetime(2024, 1, 4, tzinfo=UTC)

    def at(hour: int, ticker: str) -> pl.Expr:
        return (pl.col("ts") == third + timedelta(hours=hour)) & (pl.col("ticker") == ticker)

    quotes = ("open", "high", "low", "close")
    frame = frame.with_columns(
        pl.when(at(17, "AAA")).then(pl.col(name) * 100).otherwise(pl.col(name)).alias(name) for name in quotes
    ).with_columns(pl.when(at(18, "BBB")).then(-1.0).otherwise(pl.col("low")).alias("low"))
    twice = frame.filter(at(16, "AAA"))
    around = frame.filter(at(15, "BBB"))
    before = around.with_columns(ts=pl.lit(third + timedelta(hours=14)))  # 09:00 to 10:00, of which half is
    after = around.with_columns(ts=pl.lit(third + timedelta(hours=21)))
    path = tmp_path_factory.mktemp("file") / "prices.parquet"
    pl.concat([frame, twice, before, after], how="vertical_relaxed").write_parquet(path)
    return path


def test_the_report_of_a_file_with_wrong_rows(prices: Path, tmp_path: Path) -> None:
    ended = run("data", "name=small", "data=parquet", f"data.path={prices}", "macro=none", folder=tmp_path)
    said = report_lines(ended)
    (file,) = tmp_path.glob("outputs/data/small/*/data.json")
    told = json.loads(file.read_text())
    sessions = int(np.busday_count("2024-01-02", "2024-02-11", holidays=["2024-01-15"]))
    bars = (2 * sessions + 20) * 6 - 2  # a price of 100 times, and a low below 0
    assert said["bars"] == [f"{bars:,} at {6 * sessions:,} times"] and told["bars"] == bars
    assert said["gaps"] == ["2 bars missing between a ticker's first and last"]
    assert said["silent ends"] == ["CCC"] and told["silent_ends"] == ["CCC"]
    head, reasons = said["rows dropped"][0].split(": ")
    assert head == f"5 of {bars + 5} ({500 / (bars + 5):.1f} %)"
    dropped = dict(part.rsplit(" ", 1) for part in reasons.split(", "))
    names = ("mixed_bar", "outside_session", "duplicate", "non_positive", "spike")
    assert dropped == dict.fromkeys(names, "1")
    assert said["source"] == [f"parquet: {prices}"]
    source = told["source"]
    assert (source["rows_read"], source["rows_kept"]) == (bars + 5, bars)
    rules = {rule["rule"]: rule for rule in source["rules"]}
    for name, action, ticker in (
        ("duplicate", "dropped", "AAA"),
        ("non_positive", "masked", "BBB"),
        ("spike", "masked", "AAA"),
        ("ends_early", "kept", "CCC"),
    ):
        rule = rules[name]
        assert (rule["count"], rule["action"]) == (1, action), name
        assert rule["examples"][0]["ticker"] == ticker
        assert rule["examples"][0]["ts"].startswith("2024-01-0" if ticker != "CCC" else "2024-01-3"), name
        (line,) = (line for line in said["finding"] if f": {name} " in line)
        assert line.startswith(f"{rule['severity']}: {name} 1 times in 1 tickers, {action}; {ticker} 2024")
    found = {line.split(": ")[1].split()[0] for line in said["finding"]}
    assert found == {name for name, rule in rules.items() if rule["count"]}
    page = file.with_name("quality.html")
    assert said["quality page"] == [str(page)] and said["report"] == [str(file)]
    text = page.read_text()
    assert text.startswith("<!DOCTYPE html>") and "<script" not in text
    assert all(name in text for name in ("small", "CCC", str(prices), told["address"], *rules))
