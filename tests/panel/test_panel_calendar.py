"""Sessions and bars a year."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from panel_market import panel

from ploutos.data.calendars.always_open import AlwaysOpen
from ploutos.data.calendars.calendar import session_clock, sessions_by_year
from ploutos.data.calendars.exchange import Exchange
from ploutos.data.calendars.forex import Forex
from ploutos.data.calendars.weekdays import Weekdays
from ploutos.panel.calendar import bars_per_year, sessions_per_year
from ploutos.types.session import SessionClock

NEW_YORK = SessionClock("America/New_York")


def axis(moments: list[datetime]) -> np.ndarray:
    return np.array([round(m.timestamp() * 1e6) for m in moments], dtype=np.int64)


def closes(first: date, days: int, weekdays: int, hours: range = range(21, 22)) -> np.ndarray:
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    dates = [start + timedelta(days=d) for d in range(days)]
    return axis([d + timedelta(hours=h) for d in dates if d.weekday() < weekdays for h in hours])


CALENDARS = {
    "always_open": (AlwaysOpen(timezone="UTC", day_starts="00:00"), 365.25, 7),
    "forex": (Forex(timezone="America/New_York", day_starts="17:00"), 365.25 * 5 / 7, 5),
    "weekdays": (
        Weekdays(timezone="America/New_York", session_open="09:30", session_close="16:00"),
        365.25 * 5 / 7,
        5,
    ),
    "exchange": (Exchange(code="XNYS"), 5031 / 20, 5),  # 5 031 sessions from 2000 to 2019
}


@pytest.mark.parametrize("name", CALENDARS)
@pytest.mark.parametrize("days", [1, 2, 3, 5, 9, 12, 100, 800, 4000])
def test_the_calendar_says_how_many(name: str, days: int) -> None:
    """Whatever the data span, and wherever they begin: also from a Friday to a Monday."""
    calendar, expected, weekdays = CALENDARS[name]
    for first in (date(2018, 1, 1), date(2018, 1, 5), date(2018, 7, 4)):
        ts = closes(first, days, weekdays, range(15, 16))
        assert sessions_per_year(ts, session_clock(calendar)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("stray", ["1970-01-01", "2018-12-31", "2031-05-05", "2149-01-01"])
@pytest.mark.parametrize("per_session", [1, 7])
def test_strays_and_holes_change_nothing(stray: str, per_session: int) -> None:
    clock = session_clock(CALENDARS["exchange"][0])
    whole = closes(date(2019, 1, 7), 1200, 5, range(15, 15 + per_session))
    moment = axis([datetime.fromisoformat(f"{stray}T15:00+00:00")])
    hole = whole[(whole < whole[len(whole) // 3]) | (whole > whole[2 * len(whole) // 3])]
    for ts in (whole, np.sort(np.r_[whole, moment]), hole, np.sort(np.r_[hole, moment])):
        assert sessions_per_year(ts, clock) == 251.55
        assert bars_per_year(ts, clock) == pytest.approx(per_session * 251.55)


@pytest.mark.parametrize(("step", "a_year"), [(7, 52.18), (28, 13.04), (91, 4.01)])
def test_longer_bars_are_counted_by_their_usual_step(step: int, a_year: float) -> None:
    """Bars of weeks, months and quarters: a Sharpe ratio of weekly returns is not one of daily returns."""
    clock = session_clock(CALENDARS["exchange"][0])
    weeks = closes(date(2000, 1, 5), 8000, 7)[::step]
    strays = axis([datetime(1970, 1, 2, 21, tzinfo=UTC), datetime(2070, 1, 2, 21, tzinfo=UTC)])
    hole = np.r_[weeks[: len(weeks) // 3], weeks[len(weeks) // 2 :]]
    for ts in (weeks, hole, np.sort(np.r_[hole, strays])):
        assert sessions_per_year(ts, clock) == pytest.approx(a_year, abs=0.02)


def test_monthly_bars_of_half_a_year() -> None:
    ts = axis([datetime(2024, month, 15, 21, tzinfo=UTC) for month in range(1, 8)])
    assert sessions_per_year(ts, NEW_YORK) == pytest.approx(12, rel=0.02)


def test_sessions_are_local_dates() -> None:
    """23:30 and 00:30 UTC are two dates in London's winter and one evening in New York."""
    ts = axis([datetime(2024, 1, 8, 23, 30, tzinfo=UTC), datetime(2024, 1, 9, 0, 30, tzinfo=UTC)])
    assert len(np.unique(NEW_YORK.dates(ts))) == 1
    assert len(np.unique(SessionClock("Europe/London").dates(ts))) == 2


def test_an_exchange_counts_the_years_it_knows() -> None:
    """Whole years only: the first twenty where 2000 to 2019 are not all known."""
    late = Exchange(code="AIXK")  # its rules begin in 2017
    counted = sessions_by_year(late, 2000, 2036)
    assert min(counted) == 2017
    assert late.sessions_per_year == pytest.approx(sum(counted.values()) / len(counted), rel=1e-3)
    years = sessions_by_year(Exchange(code="XNYS"), 2019, 2023)
    assert years == {2019: 252, 2020: 253, 2021: 252, 2022: 251, 2023: 250}
    assert sessions_by_year(CALENDARS["always_open"][0], 2019, 2020) == {2019: 365, 2020: 366}
    assert sessions_by_year(CALENDARS["forex"][0], 2021, 2021) == {2021: 261}


def test_bars_per_year_counts_the_usual_bars_of_a_session() -> None:
    ts = closes(date(2018, 1, 1), 730, 5, range(15, 22))
    assert bars_per_year(ts, NEW_YORK) == pytest.approx(7 * sessions_per_year(ts, NEW_YORK))
    assert bars_per_year(ts[5:], NEW_YORK) == bars_per_year(ts, NEW_YORK)


def test_the_panel_uses_them() -> None:
    built = panel()
    assert built.sessions_per_year == sessions_per_year(built.ts, built.clock)
    assert built.bars_per_year == pytest.approx(6 * built.sessions_per_year)
