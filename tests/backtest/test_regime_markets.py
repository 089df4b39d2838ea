"""Backtests of policies that see a regime: each fold its own columns, replays from noisy prices."""

from dataclasses import replace

import numpy as np
import pytest
from hydra import compose, initialize_config_dir

from ploutos.apps.conf_dir import conf_dir
from ploutos.apps.parts import build
from ploutos.apps.regimes import labels, overlaid, shown
from ploutos.backtest.by_regime import by_regime
from ploutos.backtest.metrics import session_returns
from ploutos.backtest.replay import CouncilReplay, seen_regimes
from ploutos.types import Action, ConfigError, Study


class Follower:
    """Equal weights times the probability of the first regime column, seen through the layout."""

    def __init__(self, layout, name):
        self.layout, self.place, self.seen = layout, layout.macro_names.index(name), []

    def reset(self, batch):
        return 0

    def act(self, observation, state):
        macro = self.layout.macro(observation)
        self.seen.append(macro.copy())
        member = self.layout.asset_column(observation, "member") > 0
        share = macro[:, [self.place]].astype(float) / member.shape[1]
        targets = np.where(member, share, 0.0)
        return Action(targets, targets, np.ones(targets.shape), state)


@pytest.fixture(scope="module")
def fitted(world):
    """One regime a fold, on a few months each: two states, another seed of the market would do as well."""
    with initialize_config_dir(str(conf_dir())):
        config = compose("train", ["regime=hmm", "regime.min_sessions=40", "regime.max_states=2"])
    model = build(config.regime)
    return [model.fit(world.panel, fold.train.rows(world.panel.ts)) for fold in world.folds]


@pytest.fixture
def seats(world, fitted):
    markets = [shown(world.market, world.panel, regime) for regime in fitted]
    policies = [
        Follower(world.parts.environment.layout(market), regime.names[0])
        for market, regime in zip(markets, fitted, strict=True)
    ]
    return markets, policies


def test_every_fold_sees_its_own_columns(world, fitted, seats):
    markets, policies = seats
    track = world.backtest.stitched(world.folds, policies, world.parts.environment, markets)
    assert fitted[0].as_dict() != fitted[1].as_dict()
    for fold, market, policy, regime in zip(world.folds, markets, policies, fitted, strict=True):
        rows = fold.test.rows(world.panel.ts)
        expected = regime.columns(world.panel)[1][rows.start - 1 : rows.stop - 1]
        np.testing.assert_array_equal(np.concatenate(policy.seen)[:, -2:], expected)
        assert market.macro_names[: len(world.panel.macro_names)] == world.panel.macro_names
        assert market.tape is world.market.tape
    assert track.bars["turnover"].sum() > 1


def test_venues_are_shared(world, seats):
    environment = world.parts.environment
    assert len({id(environment.venue(market)) for market in [world.market, *seats[0]]}) == 1


def test_a_replay_without_noise_is_the_stitched_track(world, fitted, seats):
    markets, policies = seats
    expected = world.backtest.stitched(world.folds, policies, world.parts.environment, markets)
    equity = replay(world, policies, fitted).noisy_equity(noise=0.0, paths=2, seed=0)
    np.testing.assert_allclose(equity, np.stack([expected.bars["equity"].to_numpy()] * 2), rtol=1e-5)


def test_a_replay_shows_the_regimes_of_the_noisy_prices(world, fitted, seats):
    _, policies = seats
    replay(world, policies, fitted).noisy_equity(noise=0.002, paths=2, seed=0)
    observed = np.stack([step[:, -2:] for step in policies[1].seen], axis=1)
    rows = world.folds[1].test.rows(world.panel.ts)
    calm = fitted[1].columns(world.panel)[1][rows.start - 1 : rows.stop - 1]
    assert abs(observed[0] - calm).max() > 1e-3 and abs(observed[0] - observed[1]).max() > 1e-3
    prices = world.panel.prices * 1.0
    prices[rows, :] *= 1.01
    found = seen_regimes(fitted, world.panel, prices[None][:, rows], rows)
    whole = fitted[1].columns(replace(world.panel, prices=prices))[1][rows]
    assert found[id(fitted[1])][0].tobytes() == whole.tobytes()


def replay(world, policies, regimes):
    return CouncilReplay(
        panel=world.panel,
        features=world.parts.features,
        environment=world.parts.environment,
        folds=world.folds,
        councils=policies,
        capital=world.backtest.capital,
        regimes=regimes,
    )


def test_figures_by_regime_by_hand(world, fitted, seats):
    markets, policies = seats
    track = world.backtest.stitched(world.folds, policies, world.parts.environment, markets)
    told = labels(world.folds, fitted, markets)
    assert len(told) == track.bars.height and told[0] == ""
    study = Study(
        name="s",
        track=track,
        baselines={},
        folds=world.folds,
        children=(),
        sessions_per_year=world.panel.sessions_per_year,
        clock=world.panel.clock,
        regimes=told,
    )
    dates = world.panel.clock.dates(track.bars["ts"].to_physical().to_numpy())
    session, returns = session_returns(track.bars, study.clock)
    of_session = {}
    for date, name in zip(dates[1:], told[1:], strict=True):
        of_session.setdefault(int(date), name)  # the session's first bar
    name_of = np.array([of_session[int(day)] for day in session.astype(np.int64)])
    found = by_regime(study)
    assert set(found) == set(name_of) and sum(f["time_pct"] for f in found.values()) == pytest.approx(100)
    for name, values in found.items():
        own = returns[name_of == name]
        wealth = np.cumprod(np.append(1.0, 1 + own))
        years = len(own) / study.sessions_per_year
        assert values["time_pct"] == pytest.approx(100 * len(own) / len(returns))
        assert values["return_annual_pct"] == pytest.approx(100 * (wealth[-1] ** (1 / years) - 1))
        worst = max(1 - wealth[j] / wealth[: j + 1].max() for j in range(len(wealth)))
        assert values["max_drawdown_pct"] == pytest.approx(100 * worst)
        ratio = own.mean() / own.std(ddof=1) * np.sqrt(study.sessions_per_year)
        assert values["sharpe"] == pytest.approx(ratio)
    assert by_regime(replace(study, regimes=None)) == {}
    assert labels(world.folds, [None] * 3, [world.market] * 3) is None


def test_columns_must_be_new_and_layouts_refuse_what_is_missing(world, fitted, seats):
    market, layout = seats[0][0], seats[1][0].layout
    with pytest.raises(ConfigError, match="regime_bull"):
        shown(market, world.panel, fitted[0])
    with pytest.raises(ConfigError, match="regime_bull"):
        world.layout.require_same_columns(layout.as_dict())


def test_without_exposures_nothing_is_wrapped(fitted, seats):
    policy = seats[1][0]
    assert overlaid(policy, policy.layout, fitted[0]) is policy is overlaid(policy, policy.layout, None)
    scaled = replace(fitted[0], exposure={"bull": 1.0, "bear": 0.1})
    assert overlaid(policy, policy.layout, scaled) is not policy
