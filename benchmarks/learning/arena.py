"""The market of a run, and what trades on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from omegaconf import DictConfig

from benchmarks.learning.run import PEERS, Run
from ploutos.apps.composing import composed
from ploutos.apps.parts import build
from ploutos.env.market import Market
from ploutos.env.portfolio import Portfolio
from ploutos.panel.assemble import assemble
from ploutos.types import ConfigError

WARMUP = 200  # bars before the training window, for the features

# As docs/learning_benchmark.md says; the defaults are those of `conf/`.
FIXED = ("data=planted", "macro=none", "features=signals", "env/action=target_weights")
PEER_ENVS = "env.num_envs=8"  # Stable-Baselines3's rollouts are long: more envs, fewer a minute


@dataclass(frozen=True)
class Arena:
    """A market with its windows, and the environment on it."""

    config: DictConfig
    environment: Portfolio
    market: Market
    train: slice
    test: slice


@contextmanager
def config_of(run: Run, agent: str) -> Iterator[DictConfig]:
    """Yield the composed config of `run` with `agent`."""
    bars = WARMUP + run.size.train + run.size.test
    seed = [f"data.seed={run.seed}"] if run.seed >= 0 else []
    own = [f"data/alpha={run.market}", f"data.n_bars={bars}", *seed, f"agent={agent}"]
    own += [f"agent/network={run.network}"] if run.network else []
    own += [PEER_ENVS] if run.agent in PEERS else []
    with composed("train", [*FIXED, *own, *run.overrides], None) as config:
        yield config


@contextmanager
def arena(run: Run, agent: str) -> Iterator[Arena]:
    """Yield the arena of `run`, built in memory."""
    with config_of(run, agent) as config:
        market = panel_market(config)
        test = slice(len(market.ts) - run.size.test, len(market.ts))
        train = slice(test.start - run.size.train, test.start)
        warmup = build(config.features).warmup_bars
        if warmup > train.start:
            raise ConfigError(f"features: a warm-up of {warmup} bars; the benchmark has {train.start}")
        yield Arena(config, build(config.env), market, train, test)


def panel_market(config: DictConfig) -> Market:
    """Return the market of `config`."""
    source, universe, features, macro = (
        build(config[name]) for name in ("data", "universe", "features", "macro")
    )
    panel: Any = assemble(source.load(), universe, features, macro, clock=source.clock)
    return Market.of(panel)
