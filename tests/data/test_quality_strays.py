"""Bars that stand alone, and bars that have not happened yet."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from quality_bars import bars, check, quality

from ploutos.data.calendars.always_open import AlwaysOpen
from ploutos.data.calendars.exchange import Exchange
from ploutos.types import DataError

ALWAYS = AlwaysOpen(timezone="UTC", day_starts="00:00")
NYSE = Exchange(code="XNYS")


def judged(frame, calendar=ALWAYS, rules=None):
    frame = frame.sort("ticker", "ts")
    first, last = (frame["ts"].dt.date().min(), frame["ts"].dt.date().max())
    table = calendar.sessions(first - timedelta(days=2), last + timedelta(days=2))
    return check(frame, rules, sessions=table)


def at(moment, ticker="AAA", rows=1):
    return bars([100.0] * rows, ticker, start=datetime.fromisoformat(moment).replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("stray", "following"),
    [("1970-01-01T21:00", "2020-03-02"), ("1920-03-02T21:00", "2020-03-02"), ("2049-12-31T21:00", None)],
)
@pytest.mark.parametrize("rows", [1, 3])
def test_a_stray_at_either_end_is_told_and_kept(stray, following, rows):
    whole = at("2020-03-02T21:00", rows=400)
    kept, report = judged(pl.concat([whole, at(stray, rows=rows)]))
    told = report["isolated"]
    assert kept.height == 400 + rows and told["action"] == "kept"
    assert (told["count"], told["tickers"], told["severity"]) == (1, 1, "warning")
    assert following is None or told["examples"][0]["next"] == following
    with pytest.raises(DataError, match=r"AAA at .*stands alone: \d+ sessions without a bar"):
        judged(pl.concat([whole, at(stray, rows=rows)]), rules=quality(isolated={"action": "refused"}))


def test_holes_and_short_histories_are_no_strays():
    """A year's hole between long spells, a stray too near, a name of two bars in all, a whole file."""
    hole = pl.concat([at("2018-01-01T21:00", rows=100), at("2020-01-01T21:00", rows=100)])
    near = pl.concat([at("2019-09-01T21:00", "BBB"), at("2020-01-01T21:00", "BBB", rows=100)])
    short = pl.concat([at("2018-01-01T21:00", "CCC"), at("2020-01-01T21:00", "CCC")])
    _, report = judged(pl.concat([hole, near, short]))
    assert report["isolated"]["count"] == 0


def test_each_ticker_is_judged_by_itself_in_its_calendars_sessions():
    """Three names whose first bar is a zero time, in sessions of an exchange; each is counted."""
    frames = []
    for ticker in ("AAA", "BBB", "CCC"):
        days = NYSE.sessions(date(2020, 1, 2), date(2021, 6, 1))
        days = pl.concat([NYSE.sessions(date(1970, 1, 2), date(1970, 1, 2)), days])
        frames.append(bars([50.0] * days.height, ticker).with_columns(days["close"].alias("ts")))
    _, report = judged(pl.concat(frames), NYSE)
    assert (report["isolated"]["count"], report["isolated"]["tickers"]) == (3, 3)
    assert report["isolated"]["examples"][0]["next"] == "2020-01-02"
    assert report["isolated"]["examples"][0]["sessions"] == len(
        NYSE.sessions(date(1970, 1, 3), date(2020, 1, 1))
    )


def test_bars_that_have_not_happened_are_told():
    now = datetime.now(UTC).replace(microsecond=0)
    past = bars([100.0] * 50, start=now - timedelta(days=49))
    ahead = bars([100.0] * 3, "BBB", start=now + timedelta(days=2))
    kept, report = judged(pl.concat([past, ahead]))
    assert kept.height == 53
    assert (report["future"]["count"], report["future"]["severity"]) == (3, "error")
    assert judged(past)[1]["future"]["count"] == 0
    with pytest.raises(DataError, match=r"BBB at .*lies in the future"):
        judged(pl.concat([past, ahead]), rules=quality(future={"action": "refused"}))
