"""Lean's factor and map lines read in the plainest way, and the raw files as labelled bars."""

from bisect import bisect_left
from collections import defaultdict
from datetime import date, datetime

import polars as pl

from ploutos.data.calendars.exchange import Exchange
from ploutos.data.corporate.lean_factors import LeanFactors
from ploutos.data.labels import label_bars

LINES = "lean_factor_and_map_lines.parquet"
DAILY = "lean_us_daily_1998_2021_raw.parquet"
HOURLY = "lean_us_hourly_1998_2021_raw_ET.parquet"
XNYS = Exchange(code="XNYS")


def lean(real_data, **changes):
    settings = {"tickers": "as_traded", "unmapped": "keep", "split_tolerance": 1e-5}
    return LeanFactors(path=str(real_data / LINES), **settings | changes)


def daily(real_data):
    raw = pl.read_parquet(real_data / DAILY).rename({"date": "ts"})
    return labelled(raw, bar_minutes=None)


def hourly(real_data):
    return labelled(pl.read_parquet(real_data / HOURLY), bar_minutes=60)


def labelled(raw, *, bar_minutes):
    bars, _ = label_bars(
        raw,
        label="open",
        bar_minutes=bar_minutes,
        input_timezone="America/New_York",
        calendar=XNYS,
        partial_bars="clip",
    )
    return bars.sort("ticker", "ts")


def new_york_date(ts: pl.Expr) -> pl.Expr:
    return ts.dt.convert_time_zone("America/New_York").dt.date()


def day(text: str) -> date:
    return datetime.strptime(text, "%Y%m%d").date()


class Lines:
    """The lines of one file; `factors` by company: (date, price factor, split factor, reference)."""

    def __init__(self, real_data):
        self.factors, self.names = defaultdict(list), defaultdict(list)
        for kind, ticker, line in pl.read_parquet(real_data / LINES).iter_rows():
            first, *rest = line.split(",")
            if kind == "factor_files":
                self.factors[ticker].append((day(first), *map(float, rest)))
            else:
                self.names[ticker].append((day(first), rest[0].upper()))

    def scale(self, company, when):
        """Return price factor x split factor of a date: of the first line that is not before it."""
        lines = self.factors[company]
        _, price, split, _ = lines[bisect_left(lines, (when,))]
        return price * split

    def owner(self, name, when):
        """Return the company that traded as `name`, or None."""
        for company, lines in self.names.items():
            if lines[0][0] <= when:
                current = next((used for last, used in lines if when <= last), None)
                if current == name:
                    return company
        return None
