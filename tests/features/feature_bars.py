"""Random bars for tests of features."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl


def random_bars(
    rng: np.random.Generator, tickers: int = 4, rows: int = 300, gaps: float = 0.05
) -> pl.DataFrame:
    """Hourly bars with gaps, zero volumes, late starts, early ends and flat stretches."""
    frames = []
    for n in range(tickers):
        close = 50.0 * np.exp(np.cumsum(rng.normal(0, 0.01, rows)))
        flat = int(rng.integers(rows // 2, rows - 40)) if n == 0 else rows
        close[flat : flat + 35] = close[min(flat, rows - 1)]
        wiggle = rng.uniform(0, 0.01, (3, rows)) * (np.arange(rows) < flat)
        opened = close * (1 + wiggle[0] - 0.005 * (wiggle[0] > 0))
        volume = rng.uniform(0, 1e6, rows) * (rng.random(rows) > 0.1)
        volume[flat : flat + 35] = 0.0
        start = datetime(2024, 2, 1, 10, tzinfo=UTC)
        frame = pl.DataFrame(
            {
                "ts": [start + timedelta(hours=i) for i in range(rows)],
                "ticker": [f"T{n}"] * rows,
                "open": opened,
                "high": np.maximum(opened, close) * (1 + wiggle[1]),
                "low": np.minimum(opened, close) * (1 - wiggle[2]),
                "close": close,
                "volume": volume,
                "alpha": rng.normal(size=rows),
            },
            schema_overrides={"ts": pl.Datetime("us", "UTC")},
        )
        keep = rng.random(rows) >= gaps
        keep[: 7 * n] = False
        frames.append(frame.filter(pl.Series(keep)))
    return pl.concat(frames)
