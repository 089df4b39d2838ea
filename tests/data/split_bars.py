"""Bars of a market whose splits and crashes are known, and sessions to place them in."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from ploutos.data.calendars.weekdays import Weekdays

CALENDAR = Weekdays(timezone="America/New_York", session_open="09:30", session_close="16:00")
FIRST = date(2018, 1, 1)


def table(count):
    """Return the first `count` sessions of the calendar."""
    return CALENDAR.sessions(FIRST, FIRST + timedelta(days=2 * count))[:count]


def daily(count=400, *, seed=0, vol=0.015, ticker="AAA", price=80.0, jumps=()):
    """Return daily bars as traded without any split; two thirds of the variance lie within the session.

    `jumps` are (session, log gap, times the usual turnover, times the usual range): what real news do.
    """
    rng = np.random.default_rng([seed, sum(map(ord, ticker))])
    tails = rng.standard_t(4, (2, count)) / np.sqrt(2)
    gap, inside = vol * np.sqrt(1 / 3) * tails[0], vol * np.sqrt(2 / 3) * tails[1]
    gap[0] = 0.0
    busy, wide = np.ones(count), np.ones(count)
    for session, move, turnover, span in jumps:
        gap[session] += move
        busy[session], wide[session] = turnover, span
    close = price * np.exp(np.cumsum(gap + inside))
    opens = close / np.exp(inside)
    reach = vol * 0.5 * wide * np.abs(rng.standard_normal((2, count)))
    volume = 1e6 * busy * np.exp(0.4 * rng.standard_normal(count)) * price / close
    return pl.DataFrame(
        {
            "ts": table(count)["close"],
            "ticker": pl.Series([ticker] * count, dtype=pl.String),
            "open": opens,
            "high": np.maximum(opens, close) * np.exp(reach[0]),
            "low": np.minimum(opens, close) / np.exp(reach[1]),
            "close": close,
            "volume": volume,
        }
    )


def with_split(frame, session, ratio):
    """Return the bars as traded where `ratio` new shares replace an old one at the open of `session`."""
    row = pl.int_range(pl.len())
    after = pl.when(row >= session).then(ratio).otherwise(1.0)
    prices = [pl.col(name) / after for name in ("open", "high", "low", "close")]
    return frame.with_columns(*prices, pl.col("volume") * after)


def action(frame, session, split=1.0, dividend=0.0):
    """Return the table of one action that takes effect with the bar of `session`."""
    row = frame.row(session, named=True)
    schema = {"ts": pl.Datetime("us", "UTC"), "split": pl.Float64, "dividend": pl.Float64}
    values = {"ticker": [row["ticker"]], "ts": [row["ts"]], "split": [split], "dividend": [dividend]}
    return pl.DataFrame(values, schema_overrides=schema)


def hours(frame):
    """Return six bars a session of the same gap and the same last close."""
    rows = []
    for row in frame.iter_rows(named=True):
        steps = np.exp(np.linspace(np.log(row["open"]), np.log(row["close"]), 7))
        for k in range(6):
            first, last = float(steps[k]), float(steps[k + 1])
            ends = row["ts"] - timedelta(hours=5 - k)
            rows.append(
                (ends, row["ticker"], first, max(first, last), min(first, last), last, row["volume"] / 6)
            )
    return pl.DataFrame(rows, schema=frame.schema, orient="row")
