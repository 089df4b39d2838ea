"""What the report says of each year: whole, with a hole, or begun late."""

from datetime import date

import polars as pl
from quality_bars import bars
from split_bars import CALENDAR

from ploutos.data.calendars.calendar import session_clock
from ploutos.data.quality.coverage import coverage


def test_a_partial_year_is_told_apart_from_a_hole():
    """Weekdays from 2019-03-04 to 2021-06-30 without April 2020, counted by hand."""
    closes = CALENDAR.sessions(date(2019, 3, 4), date(2021, 6, 30))
    kept = closes.filter((pl.col("session").dt.year() != 2020) | (pl.col("session").dt.month() != 4))
    one = bars([10.0] * kept.height).with_columns(ts=kept["close"])
    late = bars([10.0] * 5, "BBB").with_columns(ts=kept["close"][-5:])
    years = coverage(pl.concat([one, late]), CALENDAR, session_clock(CALENDAR))
    assert [year["year"] for year in years] == [2019, 2020, 2021]
    assert [year["tickers"] for year in years] == [1, 1, 2]
    assert [year["partial"] for year in years] == [True, False, True]
    assert [year["sessions_of_year"] for year in years] == [261, 262, 261]
    assert [year["sessions"] for year in years] == [217, 262 - 22, 129]
    assert [year["sessions_missing"] for year in years] == [0, 22, 0]
    assert (years[0]["first"], years[2]["last"]) == ("2019-03-04", "2021-06-30")
    assert sum(year["bars"] for year in years) == one.height + 5
    assert coverage(one.clear(), CALENDAR, session_clock(CALENDAR)) == []
