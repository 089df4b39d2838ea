"""Sessions and bars a year."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from panel_market import panel

from ploutos.panel.calendar import bars_per_year, sessions_per_year
from ploutos.types import DataError
from ploutos.types.session import SessionClock

NEW_YORK = SessionClock("America/New_York")


def axis(moments: list[datetime]) -> np.ndarray:
    return np.array([round(m.timestamp() * 1e6) for m in moments], dtype=np.int64)


def closes(first: date, days: int, weekdays: int, hours: range = range(21, 22)) -> np.ndarray:
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    dates = [start + timedelta(days=d) for d in range(days)]
    return axis([d + timedelta(hours=h) for d in dates if d.weekday() < weekdays for h in hours])


@pytest.mark.parametrize("days", [5, 9, 12, 100, 800, 4000])
def test_weekday_and_daily_markets(days: int) -> None:
    monday = date(2018, 1, 1)
    assert sessions_per_year(closes(monday, days, 5), NEW_YORK) == pytest.approx(365.25 * 5 / 7, rel=0.03)
    assert sessions_per_year(closes(monday, days, 7), NEW_YORK) <= 365.25
    if days >= 9:
        assert sessions_per_year(closes(monday, days, 7), NEW_YORK) == pytest.approx(365.25)


def test_monthly_bars_of_half_a_year() -> None:
    ts = axis([datetime(2024, month, 15, 21, tzinfo=UTC) for month in range(1, 8)])
    assert sessions_per_year(ts, NEW_YORK) == pytest.approx(12, rel=0.02)


def test_sessions_are_local_dates() -> None:
    """23:30 and 00:30 UTC are two dates in London's winter and one evening in New York."""
    ts = axis([datetime(2024, 1, 8, 23, 30, tzinfo=UTC), datetime(2024, 1, 9, 0, 30, tzinfo=UTC)])
    assert len(np.unique(NEW_YORK.dates(ts))) == 1
    assert len(np.unique(SessionClock("Europe/London").dates(ts))) == 2
    with pytest.raises(DataError, match="1 session dates"):
        sessions_per_year(ts, NEW_YORK)


def test_bars_per_year_counts_bars_of_a_session() -> None:
    ts = closes(date(2018, 1, 1), 730, 5, range(15, 22))
    assert bars_per_year(ts, NEW_YORK) == pytest.approx(7 * sessions_per_year(ts, NEW_YORK))


def test_the_panel_uses_them() -> None:
    built = panel()
    assert built.sessions_per_year == sessions_per_year(built.ts, built.clock)
    assert built.bars_per_year == pytest.approx(6 * built.sessions_per_year)
