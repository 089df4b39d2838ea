"""Fixtures: the shipped configurations as constructors, and a small clean file of bars."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from omegaconf import OmegaConf

from ploutos.data.parquet import Parquet
from ploutos.data.synthetic import Synthetic

CONF = Path(__file__).parents[2] / "conf" / "data"


def _settings(name: str, overrides: dict[str, Any]) -> dict[str, Any]:
    config = OmegaConf.merge(OmegaConf.load(CONF / name), overrides)
    return {key: value for key, value in OmegaConf.to_container(config).items() if key[0] != "_"}


@pytest.fixture(scope="session")
def synthetic() -> Callable[..., Synthetic]:
    def build(**overrides: Any) -> Synthetic:
        return Synthetic(**_settings("synthetic.yaml", overrides))

    return build


@pytest.fixture(scope="session")
def parquet() -> Callable[..., Parquet]:
    def build(path: Path, **overrides: Any) -> Parquet:
        return Parquet(**_settings("parquet.yaml", {"path": str(path), **overrides}))

    return build


@pytest.fixture
def clean() -> pl.DataFrame:
    """Two tickers, one winter session of hourly bars, labelled by their start in UTC."""
    start = datetime(2024, 1, 3, 14, tzinfo=UTC)  # 09:00 in New York
    rows = [
        {
            "ts": start + timedelta(hours=hour),
            "ticker": ticker,
            "open": 100.0 + hour,
            "high": 102.0 + hour,
            "low": 99.0 + hour,
            "close": 101.0 + hour,
            "volume": 1000.0,
        }
        for ticker in ("AAA", "BBB")
        for hour in range(9)
    ]
    return pl.DataFrame(rows).with_columns(pl.col("ts").cast(pl.Datetime("us", "UTC")))
