"""Environments for algorithms of one's own: `Ploutos-v0`, one portfolio or many, and the VecEnv."""

import logging
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omegaconf import OmegaConf

from ploutos.apps.composing import composed
from ploutos.apps.data_errors import DataErrors
from ploutos.apps.forked import LastMade
from ploutos.apps.parts import build, choose_folds
from ploutos.apps.preflight import check_folders, check_values
from ploutos.apps.regimes import shown
from ploutos.env.market import Market
from ploutos.types import ConfigError, Fold
from ploutos.types.errors import one_of

if TYPE_CHECKING:
    from ploutos.env.gym_env import TradingEnv
    from ploutos.env.gym_vector_env import TradingVectorEnv
    from ploutos.env.portfolio import Portfolio
    from ploutos.env.vec_env import TradingVecEnv
    from ploutos.panel.panel import Panel

log = logging.getLogger(__name__)

WINDOWS = ("train", "validation", "test")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The environment of one config, and the market and fold on which it plays."""

    environment: "Portfolio"
    market: Market
    fold: Fold
    seed: int
    backtest_capital: float

    def episodes(self, window: str) -> dict[str, Any]:
        """Return rows, bars and capital of the episodes on `window`.

        Training: as configured in `env`. Validation and test: one episode, as the backtest runs it: the first
        decision at the close before the window, the backtest's capital.
        """
        if window not in WINDOWS:
            raise one_of("window", window, WINDOWS)
        rows: slice = getattr(self.fold, window).rows(self.market.ts)
        environment = self.environment
        if window == "train":
            environment.require_room(rows)
            return {"rows": rows, "bars": environment.episode_bars, "capital": environment.initial_capital}
        bars = rows.stop - rows.start
        if bars == 0:
            raise ConfigError(f"window: fold {self.fold.index} has no {window} window; see split")
        return {"rows": slice(rows.start - 1, rows.stop), "bars": bars, "capital": self.backtest_capital}


LAST: LastMade[Stage] = LastMade()


def stage(overrides: Sequence[str], config_dir: str | None) -> Stage:
    """Compose the config of `ploutos train` with `overrides` and open what an environment needs of it.

    The agent, its ensemble and the checks are not built: they may contradict what somebody else's algorithm
    wants. Nothing is written except the panel, where it is missing. In a forked process it is the parent's.
    """
    made = LAST.inherited(overrides, config_dir)
    if made is None:
        made = _staged(overrides, config_dir)
        LAST.keep(made, overrides, config_dir)
    return made


def _staged(overrides: Sequence[str], config_dir: str | None) -> Stage:
    with composed("train", overrides, config_dir) as config:
        check_values(config)
        check_folders(OmegaConf.masked_copy(config, ["panel"]))
        features, split, environment = (build(config[name]) for name in ("features", "split", "env"))
        backtest, regime = build(config.backtest), build(config.regime)
        sources = (build(config[name]) for name in ("data", "macro", "universe"))
        panel: Panel = build(config.panel).open_or_build(*sources, features)
        for line in DataErrors.of(config, panel).lines():
            log.warning(line)
        regime.check(panel)
        (fold,) = choose_folds(split, features, panel, [config.fold])
        fitted = regime.fit(panel, fold.train.rows(panel.ts))
        return Stage(
            environment=environment,
            market=shown(Market.of(panel), panel, fitted),
            fold=fold,
            seed=config.seed,
            backtest_capital=backtest.capital,
        )


def make(
    *,
    overrides: Sequence[str] = (),
    config_dir: str | None = None,
    window: str = "train",
    render_mode: None = None,
) -> "TradingEnv":
    """Return `Ploutos-v0`: one portfolio on a window of the market that `overrides` describe.

    Parameters
    ----------
    overrides : as on the command line of `ploutos train`, such as `env/action=target_weights` or `fold=1`.
    config_dir : a folder of one's own configs, searched first.
    window : of the fold: train, validation or test.
    render_mode : None; there is nothing to draw.

    Raises
    ------
    ConfigError
        In one line, as on the command line.
    """
    from ploutos.env.gym_env import TradingEnv

    _require_no_render(render_mode)
    it = stage(overrides, config_dir)
    return TradingEnv(it.environment.episode_batch(it.market, **it.episodes(window), batch=1))


def make_vec(
    *,
    num_envs: int,
    overrides: Sequence[str] = (),
    config_dir: str | None = None,
    window: str = "train",
    copy: bool = True,
    render_mode: None = None,
) -> "TradingVectorEnv":
    """Return `Ploutos-v0` with `num_envs` portfolios, stepped together; see `make` and `TradingVectorEnv`."""
    from ploutos.env.gym_vector_env import TradingVectorEnv

    _require_no_render(render_mode)
    if num_envs < 1:
        raise ConfigError(f"num_envs: {num_envs} is not a whole number >= 1")
    it = stage(overrides, config_dir)
    batch = it.environment.episode_batch(
        it.market, **it.episodes(window), batch=num_envs, threads=it.environment.threads
    )
    return TradingVectorEnv(batch, copy=copy)


def vec_env(*, overrides: Sequence[str] = (), config_dir: str | None = None) -> "TradingVecEnv":
    """Return the environment in which `ploutos train` trains: a VecEnv of Stable-Baselines3.

    `env.num_envs` portfolios on the training window of `fold`, seeded with `seed`; see `make`.
    """
    import gymnasium

    from ploutos.gym import ID

    it = stage(overrides, config_dir)
    rows = it.fold.train.rows(it.market.ts)
    env: TradingVecEnv = it.environment.vec_env(it.market, rows, it.seed)
    env.spec = deepcopy(gymnasium.spec(ID))
    env.spec.kwargs = {"overrides": list(overrides), "config_dir": config_dir}
    return env


def _require_no_render(render_mode: object) -> None:
    if render_mode is not None:
        raise ConfigError(
            f"render_mode: {render_mode!r} is not there; Ploutos-v0 draws nothing, leave it None"
        )
