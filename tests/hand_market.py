"""Small markets written by hand, and environments on them; for tests of everything that trades."""

import numpy as np

from ploutos.env.action.discrete import Discrete
from ploutos.env.action.target_weights import TargetWeights
from ploutos.env.market import Market, read_only
from ploutos.env.observation.standard import Standard
from ploutos.env.portfolio import Portfolio
from ploutos.env.reward.log_return import LogReturn
from ploutos.execution.costs.fixed_bps import FixedBps

HOUR = 3_600_000_000
START = 1_577_887_200_000_000  # 2020-01-01 14:00 UTC


def make_market(
    opens,
    closes,
    *,
    member=None,
    features=None,
    feature_names=None,
    macro=None,
    delist_bar=None,
    delist_return=None,
):
    """Return the market of `opens` and `closes` [T, N] or [P, T, N]; the rest is filled in."""
    opens, closes = (np.asarray(x, dtype=np.float64) for x in (opens, closes))
    if opens.ndim == 2:
        opens, closes = opens[None], closes[None]
    paths, rows, assets = opens.shape
    if features is None:
        features = np.zeros((paths, rows, assets, 1))
    features = np.asarray(features, dtype=np.float32).reshape(paths, rows, assets, -1)
    macro = np.zeros((rows, 0)) if macro is None else np.asarray(macro)
    member = np.isfinite(closes[0]) if member is None else np.asarray(member, dtype=bool)
    return Market(
        ts=read_only(START + HOUR * np.arange(rows, dtype=np.int64)),
        tickers=tuple(f"T{n}" for n in range(assets)),
        feature_names=feature_names or tuple(f"f{k}" for k in range(features.shape[-1])),
        macro_names=tuple(f"m{k}" for k in range(macro.shape[1])),
        features=read_only(features),
        open=read_only(np.ascontiguousarray(opens)),
        close=read_only(np.ascontiguousarray(closes)),
        member=read_only(member),
        macro=read_only(macro.astype(np.float32)),
        delist_bar=read_only(np.asarray([-1] * assets if delist_bar is None else delist_bar, np.int32)),
        delist_return=read_only(np.asarray([0.0] * assets if delist_return is None else delist_return)),
    )


def random_market(rng, *, rows=200, assets=4, features=2, macro=1, scale=0.01):
    """Return a random walk with random features; no gaps, everybody a member."""
    closes = 50.0 * np.exp(np.cumsum(rng.normal(0, scale, (rows, assets)), axis=0))
    opens = np.concatenate([closes[:1], closes[:-1]]) * np.exp(rng.normal(0, scale / 4, (rows, assets)))
    return make_market(
        opens,
        closes,
        features=rng.normal(size=(rows, assets, features)),
        macro=rng.normal(size=(rows, macro)),
    )


def make_environment(
    action=None, *, cost_bps=5.0, num_envs=4, episode_bars=16, capital=1_000_000.0, scale=100.0
):
    """Return the environment as configured; `action` is "discrete", "target_weights" or an object."""
    named = {
        None: lambda: Discrete(lot_weight=0.1),
        "discrete": lambda: Discrete(lot_weight=0.25),
        "target_weights": lambda: TargetWeights(max_logit=10.0),
    }
    return Portfolio(
        num_envs=num_envs,
        episode_bars=episode_bars,
        initial_capital=capital,
        action=named[action]() if action in named else action,
        observation=Standard(),
        reward=LogReturn(scale=scale),
        costs=FixedBps(cost_bps=cost_bps),
    )
