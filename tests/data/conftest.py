"""Fixtures: the shipped configurations as constructors, and a small clean file of bars."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from ploutos.apps.parts import build
from ploutos.data.csv import Csv
from ploutos.data.parquet import Parquet
from ploutos.data.planted import Planted
from ploutos.data.synthetic import Synthetic

CONF = Path(__file__).parents[2] / "conf"


@cache
def _composed(source: str, *choices: str) -> DictConfig:
    with initialize_config_dir(str(CONF)):
        overrides = [f"data={source}", *(f"data/{choice}" for choice in choices)]
        node = compose("train", overrides).data
    OmegaConf.set_struct(node, False)
    return node


def composed(source: str, *choices: str, **overrides: Any) -> Any:
    """Return the source of `data=<source> data/<choice> ...`, with some of its settings replaced."""
    return build(OmegaConf.merge(_composed(source, *choices), overrides))


@pytest.fixture(scope="session")
def synthetic() -> Callable[..., Synthetic]:
    def make(*choices: str, **overrides: Any) -> Synthetic:
        return composed("synthetic", *choices, **overrides)

    return make


@pytest.fixture(scope="session")
def planted() -> Callable[..., Planted]:
    def make(kind: str = "linear", **overrides: Any) -> Planted:
        return composed("planted", f"alpha={kind}", **overrides)

    return make


@pytest.fixture(scope="session")
def parquet() -> Callable[..., Parquet]:
    def make(path: Path, *choices: str, **overrides: Any) -> Parquet:
        return composed("parquet", *choices, path=str(path), **overrides)

    return make


@pytest.fixture(scope="session")
def csv() -> Callable[..., Csv]:
    def make(path: Path, *choices: str, **overrides: Any) -> Csv:
        return composed("csv", *choices, path=str(path), **overrides)

    return make


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
