"""A synthetic market as a frame of bars: hourly, without gaps, some bars without trades."""

import numpy as np
import polars as pl

START = 1_262_617_200_000_000  # 2010-01-04 15:00 UTC, microseconds
HOUR = 3_600_000_000


def times(rows: int) -> np.ndarray:
    """Return closes [rows] of seven bars on each weekday, microseconds since the epoch."""
    day, bar = np.divmod(np.arange(rows), 7)
    week, weekday = np.divmod(day, 5)
    closes: np.ndarray = START + (week * 7 + weekday) * 24 * HOUR + bar * HOUR
    return closes


def bars(tickers: int, rows: int, seed: int = 0) -> pl.DataFrame:
    """Return bars sorted by (ticker, ts)."""
    rng = np.random.default_rng(seed)
    ts = pl.Series("ts", times(rows)).cast(pl.Datetime("us", "UTC"))
    frames = []
    for n in range(tickers):
        close = 50.0 * np.exp(np.cumsum(rng.normal(0, 0.005, rows)))
        opened = close * np.exp(rng.normal(0, 0.002, rows))
        numbers = {
            "open": opened,
            "high": np.maximum(opened, close) * np.exp(rng.uniform(0, 0.004, rows)),
            "low": np.minimum(opened, close) * np.exp(-rng.uniform(0, 0.004, rows)),
            "close": close,
            "volume": rng.integers(0, 1_000_000, rows) * (rng.random(rows) > 0.02) * 1.0,
        }
        ticker = pl.Series("ticker", [f"T{n:03}"]).new_from_index(0, rows)
        frames.append(pl.DataFrame([ts, ticker]).with_columns(**numbers))
    return pl.concat(frames)
