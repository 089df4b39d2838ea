"""Shipped quality settings as objects, small frames of bars, and findings by rule."""

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import polars as pl
from hydra.utils import instantiate
from omegaconf import OmegaConf

CONF = Path(__file__).parents[2] / "conf" / "data" / "quality"
START = datetime(2024, 1, 2, 21, tzinfo=UTC)
NO_SESSIONS = pl.DataFrame(
    schema={"session": pl.Date, "open": pl.Datetime("us", "UTC"), "close": pl.Datetime("us", "UTC")}
)


def quality(name="standard", **overrides):
    """Return the shipped rules; `spike={"factor": 3.0}` overrides settings of one."""
    return _built(name, json.dumps(overrides, sort_keys=True))


@cache
def _built(name, overrides):
    config = OmegaConf.merge(OmegaConf.load(CONF / f"{name}.yaml"), json.loads(overrides))
    return instantiate(config, _execution_whitelist_=["ploutos.*"])


def bars(closes, ticker="AAA", start=START, step=timedelta(days=1), volume=1000.0):
    """Return bars with these closes, one a `step`; open, high and low lie within a per cent."""
    close = pl.Series("close", closes, dtype=pl.Float64)
    return pl.DataFrame(
        {
            "ts": pl.Series([start + i * step for i in range(len(closes))], dtype=pl.Datetime("us", "UTC")),
            "ticker": pl.Series([ticker] * len(closes), dtype=pl.String),
            "open": close,
            "high": close * 1.01,
            "low": close * 0.99,
            "close": close,
            "volume": pl.Series([volume] * len(closes), dtype=pl.Float64),
        }
    )


def found(report):
    """Return the findings by rule; where a rule reports twice, the one that found more."""
    return {each["rule"]: each for each in sorted(report, key=lambda each: each["count"])}


def check(frame, rules=None, sessions=NO_SESSIONS, *, bar_minutes=None, splits=None):
    """Return what both passes leave of a frame, and all findings by rule."""
    rules = rules or quality()
    kept, rows = rules.check_rows(frame, file="bars.parquet")
    kept, series = rules.check_series(
        kept, sessions, bar_minutes=bar_minutes, file="bars.parquet", splits=splits
    )
    return kept, found(rows + series)
