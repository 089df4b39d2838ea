"""One small synthetic market with gaps and delistings, its folds, and policies that trade a lot."""

from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest
from hydra import compose, initialize_config_dir

from ploutos.apps.conf_dir import conf_dir
from ploutos.apps.parts import build_parts
from ploutos.backtest.out_of_sample import OutOfSample
from ploutos.env.market import Market
from ploutos.panel.assemble import assemble
from ploutos.types import Action

OVERRIDES = [
    "data.n_assets=6",
    "data.years=1.1",
    "data.delisting.per_year=0.8",
    "split.first_test=2015-07-01",
    "split.test_months=2",
    "split.n_folds=3",
    "split.validation_months=0",
    "split.min_train_bars=100",
    "execution.costs.cost_bps=7",
]
CAPITAL = 250_000.0


@dataclass(frozen=True)
class World:
    parts: object
    panel: object
    market: Market
    folds: tuple
    backtest: OutOfSample

    @property
    def layout(self):
        return self.parts.environment.layout(self.market)

    def stitched(self, policies):
        return self.backtest.stitched(self.folds, policies, self.parts.environment, self.market)


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    with initialize_config_dir(str(conf_dir())):
        parts = build_parts(compose("train", OVERRIDES))
    bars = with_gaps(parts.source.load())
    panel = assemble(bars, parts.universe, parts.features, parts.macro, clock=parts.source.clock)
    folds = parts.split.folds(panel.ts, warmup_bars=parts.features.warmup_bars)
    assert (panel.delist_bar >= folds[0].test.rows(panel.ts).start).any()
    return World(parts, panel, Market.of(panel), folds, OutOfSample(capital=CAPITAL))


def with_gaps(bars):
    """Drop every 29th bar of each ticker, as if it had not traded."""
    number = pl.int_range(pl.len()).over("ticker")
    ends = pl.col("ts") == pl.col("ts").max().over("ticker")
    frame = bars.frame.filter((number % 29 != 28) | ends)
    return type(bars)(**(vars(bars) | {"frame": frame, "expected_return": None}))


class Tilt:
    """Smooth weights from one feature (none of it at sharpness 0), sometimes holding."""

    def __init__(self, layout, feature="return_6", sharpness=60.0, hold_every=5, invested=0.9):
        self.layout, self.feature, self.sharpness = layout, feature, sharpness
        self.hold_every, self.invested = hold_every, invested
        self.seen = []

    def reset(self, batch):
        return 0

    def act(self, observation, state):
        self.seen.append(observation.copy())
        member = self.layout.asset_column(observation, "member") > 0
        tilt = np.exp(self.sharpness * self.layout.asset_column(observation, self.feature).astype(float))
        targets = self.invested * tilt * member / np.maximum((tilt * member).sum(axis=1, keepdims=True), 1e-9)
        targets = np.where((np.arange(targets.shape[1]) + state) % self.hold_every == 0, np.nan, targets)
        return Action(targets, targets, np.ones(targets.shape), state + 1)


@pytest.fixture(scope="session")
def tilt(world):
    """Return a builder of policies."""
    return lambda **settings: Tilt(world.layout, **settings)
