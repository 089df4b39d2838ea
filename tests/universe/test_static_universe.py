"""The static universe."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hydra.utils import execution_whitelist, instantiate
from omegaconf import OmegaConf

from ploutos.types import Bars, ConfigError
from ploutos.universe.static import Static

TS = np.arange(4, dtype=np.int64)
BARS = Bars(frame=pl.DataFrame())


def test_named_tickers_are_members_at_every_bar() -> None:
    member = Static(tickers=["SPY", "AAPL"]).membership(BARS, TS, ("AAPL", "MSFT", "SPY"))
    assert member.dtype == np.bool_
    assert member.tolist() == [[True, False, True]] * 4


def test_null_means_all() -> None:
    assert Static(tickers=None).membership(BARS, TS, ("A", "B")).all()


def test_unknown_ticker_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"universe\.tickers: unknown value 'APPL'\. Nearest: 'AAPL'"):
        Static(tickers=["APPL"]).membership(BARS, TS, ("AAPL", "SPY"))
    with pytest.raises(ConfigError, match="empty"):
        Static(tickers=[])


def test_fingerprint_ignores_order() -> None:
    assert Static(tickers=["B", "A"]).fingerprint() == Static(tickers=["A", "B"]).fingerprint()
    assert Static(tickers=["A"]).fingerprint() != Static(tickers=None).fingerprint()


def test_shipped_config() -> None:
    config = OmegaConf.load(Path(__file__).parents[2] / "conf/universe/static.yaml")
    with execution_whitelist("ploutos.*"):
        assert isinstance(instantiate(config), Static)
