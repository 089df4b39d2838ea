"""What the environments of these benchmarks trade: the market, the configured rules, the actions."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from hand_market import make_market as market_by_hand
from ploutos.apps.conf_dir import conf_dir
from ploutos.apps.safety import components
from ploutos.env.market import Market
from ploutos.env.portfolio import Portfolio
from ploutos.execution.tape import read_only

ASSETS, FEATURES, MACRO, ENVS, EPISODE = 50, 28, 5, 256, 256
ROWS = 20_000  # enough that the features (112 MB) fit no cache and portfolios stand at unrelated bars
FULL = ("execution/costs=realistic", "execution/stops=full")
SIMPLE = ("execution/costs=fixed_bps", "execution/stops=none")
SESSION = 7  # bars
DRAWN = 64  # action arrays, used in turn: drawing is not timed
MOST_DRAWN = 4_000_000  # numbers in them, or four arrays

# Action space -> share of names whose number says "hold" at a bar. `trade` is the worst case.
MIXES = {"trade": ("env/action=target_weights", 0.0), "hold": ("env/action=delta_weights", 0.9)}


def make_market(assets: int, rows: int, seed: int = 0) -> Market:
    """Return hourly random walks (0.6 % a bar) without gaps, events or missing members."""
    rng = np.random.default_rng(seed)
    close = 50.0 * np.exp(np.cumsum(rng.normal(0.0, 0.006, (rows, assets)), axis=0))
    open_ = np.concatenate([close[:1], close[:-1]]) * np.exp(rng.normal(0.0, 0.001, (rows, assets)))
    spread = np.exp(np.abs(rng.normal(0.0, 0.002, (2, rows, assets))))
    return market_by_hand(
        open_,
        close,
        highs=np.maximum(open_, close) * spread[0],
        lows=np.minimum(open_, close) / spread[1],
        volumes=rng.lognormal(14.0, 0.5, (rows, assets)),
        features=rng.standard_normal((1, rows, assets, FEATURES), dtype=np.float32),
        macro=rng.standard_normal((rows, MACRO), dtype=np.float32),
        bars_per_session=SESSION,
    )


def with_strangers(market: Market, share: float) -> Market:
    """Return the same market where `share` of the names are no members at a bar, others every quarter."""
    quarter = 63 * SESSION
    rows, assets = market.member.shape
    drawn = np.random.default_rng(1).random((rows // quarter + 1, assets)) >= share
    member = read_only(np.repeat(drawn, quarter, axis=0)[:rows])
    return replace(market, tape=market.tape._replace(member=member))


def config(*overrides: str) -> DictConfig:
    """Return the config of `ploutos train` with `overrides` of its groups and keys."""
    with initialize_config_dir(str(conf_dir()), job_name="benchmarks"):
        return compose("train", [f"env.episode_bars={EPISODE}", *overrides])


def portfolio(*overrides: str, envs: int = ENVS, threads: int = 1) -> Portfolio:
    """Return the environment as configured, with `overrides`."""
    return build(config(f"env.num_envs={envs}", f"env.threads={threads}", *overrides))


def build(composed: DictConfig) -> Portfolio:
    """Return the environment of a composed config."""
    made: Portfolio = components.build(composed.env)
    return made


def draw_actions(
    space: spaces.Space[Any], envs: int, held: float, seed: int = 2
) -> Sequence[npt.NDArray[Any]]:
    """Return action arrays [envs, ...]: normal numbers within the space, 0 for the share `held` of them.

    Fresh ones at every bar: as target weights all of them move at each; as changes of weights, 0 holds.
    """
    rng = np.random.default_rng(seed)
    assert isinstance(space, spaces.Box)
    arrays = max(4, min(DRAWN, MOST_DRAWN // (envs * space.shape[0])))
    actions = rng.standard_normal((arrays, envs, *space.shape), dtype=np.float32)
    if held:
        actions[rng.random(actions.shape, dtype=np.float32) < held] = 0.0
    return list(np.clip(actions, space.low, space.high, out=actions))


class Stepper:
    """Steps a vector environment with actions drawn beforehand."""

    def __init__(self, env: Any, held: float = 0.0) -> None:
        self.env = env
        self.actions = draw_actions(env.action_space, env.num_envs, held)
        self.at = 0
        env.reset()

    def __call__(self, steps: int) -> None:
        """Do `steps` steps of the whole batch."""
        step, actions, at, drawn = self.env.step, self.actions, self.at, len(self.actions)
        for k in range(at, at + steps):
            step(actions[k % drawn])
        self.at = (at + steps) % drawn


def stepper(market: Market, *rules: str, mix: str = "trade", envs: int = ENVS, threads: int = 1) -> Stepper:
    """Return a stepper of the configured environment on the whole `market`."""
    action, held = MIXES[mix]
    made = portfolio(*rules, action, envs=envs, threads=threads)
    return Stepper(made.vec_env(market, slice(0, len(market.ts)), 0), held)
