"""The session filter against Python's own zone table, at any time of the year."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from ploutos.data.session import SessionFilter

ZONES = ("America/New_York", "Europe/London", "Asia/Tokyo")
moments = st.datetimes(datetime(2007, 1, 1), datetime(2026, 1, 1)).map(
    lambda t: t.replace(second=0, microsecond=0, tzinfo=UTC)
)


@given(closes=st.lists(moments, min_size=1, max_size=30), zone=st.sampled_from(ZONES))
def test_kept_and_counted_rows_are_those_of_a_loop(closes, zone):
    frame = pl.DataFrame({"ts": closes}, schema={"ts": pl.Datetime("us", "UTC")})
    kept, counts = SessionFilter(zone, time(10), time(15), 60).split(frame)
    starts = [(close - timedelta(hours=1)).astimezone(ZoneInfo(zone)).time() for close in closes]
    inside = [close for close, start in zip(closes, starts, strict=True) if time(10) <= start <= time(15)]
    mixed = sum(time(9) <= start < time(10) for start in starts)
    assert kept["ts"].to_list() == inside
    assert counts == {"rows_mixed_bar": mixed, "rows_outside_session": len(closes) - len(inside) - mixed}
