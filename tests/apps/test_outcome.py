"""What a verdict says beside its checks."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from commands import CHECKS, TINY, run


@pytest.mark.slow
def test_a_ticker_that_just_stops_is_told(tmp_path: Path) -> None:
    """One of three tickers ends two years early: figures that hold it at its last price need the warning."""
    hours = [timedelta(hours=h) for h in (15, 18)]
    days = [datetime(2018, 1, 1, tzinfo=UTC) + timedelta(days=d) for d in range(3 * 365 + 10)]
    times = [day + hour for day in days if day.weekday() < 5 for hour in hours]
    frames = []
    for k, ticker in enumerate(("AAA", "BBB", "CCC")):
        own = times if ticker != "BBB" else times[: len(times) // 2]
        close = [100.0 + k + 0.5 * ((7 * i + k) % 11) for i in range(len(own))]
        frame = pl.DataFrame({"ts": own, "ticker": ticker, "open": close, "close": close, "volume": 1e6})
        frames.append(frame.with_columns(high=pl.col("close") + 1, low=pl.col("close") - 1))
    pl.concat(frames).write_parquet(tmp_path / "bars.parquet")
    market = [
        "data=parquet",
        "macro=none",
        f"data.path={tmp_path / 'bars.parquet'}",
        "data/calendar=always_open",
    ]
    own = [line for line in TINY if not line.startswith("data.")]
    ended = run("train", *market, *own, *CHECKS, "split.n_folds=1", folder=tmp_path)
    assert ended.code == 0, ended.err
    assert "1 of 3 tickers stop before the data end" in " ".join(ended.out.split())
    (file,) = tmp_path.glob("outputs/train/tiny/*/verdict.json")
    warnings = json.loads(file.read_text())["warnings"]
    assert [warning for warning in warnings if "(BBB)" in warning] == warnings[:1]
