"""The agent from end to end: networks, seeds, killed and resumed, stopped, saved, refused."""

import numpy as np
import pytest
import torch
from small_learners import NETWORKS, SETTINGS, agent_of, disturbed, fitted, same, weights_of

from hand_market import cash_account, make_environment, margin_account, random_market
from keeping import Kept, Killed, Told
from ploutos.agent.network_policy import NetworkPolicy
from ploutos.agent.schedule.cosine_warmup import CosineWarmup
from ploutos.agent.stopping.validation import Validation
from ploutos.agent.utility.drawdown_penalised import DrawdownPenalised
from ploutos.agent.utility.sharpe import Sharpe
from ploutos.execution.stops.stop_loss import StopLoss
from ploutos.features.scaler import RobustScaler
from ploutos.types import ConfigError, DataError

ENVIRONMENT = make_environment("target_weights", episode_bars=24)
UPDATE = SETTINGS["portfolios"] * SETTINGS["window_bars"]


@pytest.mark.parametrize("sees", [False, True])
@pytest.mark.parametrize("network", NETWORKS)
def test_every_network_trains_and_acts(network, sees, market):
    policy = fitted(agent_of(network=NETWORKS[network], sees_portfolio=sees), ENVIRONMENT, market)
    observation = np.zeros((2, ENVIRONMENT.layout(market).size), np.float32)
    observation[:, -9:] = 0.5
    action = policy.act(observation, policy.reset(2))
    assert action.target_weights.shape == (2, market.assets)
    assert (action.target_weights == 0).all(), "nobody is a member here"


def test_a_seed_says_everything(market):
    agent = agent_of(network=NETWORKS["cross_sectional_lstm"])
    first = weights_of(fitted(agent, ENVIRONMENT, market))
    torch.manual_seed(99)
    np.random.seed(99)  # noqa: NPY002 - another process has other generators
    assert same(first, weights_of(fitted(agent, ENVIRONMENT, market)))
    assert not same(first, weights_of(fitted(agent, ENVIRONMENT, market, seed=2)))


def test_rows_outside_the_training_window_change_nothing(market):
    other = random_market(np.random.default_rng(3), rows=200, assets=4, features=3, macro=2)
    train = slice(20, 120)
    mixed = {}
    for name in ("features", "macro"):
        values = getattr(other, name).copy()
        at = (slice(None), train) if name == "features" else (train,)
        values[at] = getattr(market, name)[at]
        mixed[name] = values
    prices = other.tape.prices.copy()
    prices[:, train] = market.tape.prices[:, train]
    altered = type(market)(**vars(market) | mixed | {"tape": market.tape._replace(prices=prices)})
    agent = agent_of(network=NETWORKS["cross_sectional_lstm"], total_steps=20 * UPDATE)
    one, two = (weights_of(fitted(agent, ENVIRONMENT, m, train=train)) for m in (market, altered))
    assert same(one, two)


RESUMED = {
    "plain": {},
    "memory": {"network": NETWORKS["cross_sectional_lstm"], "schedule": CosineWarmup(warmup=0.2, final=0.1)},
    "drawdown": {"utility": DrawdownPenalised(penalty=0.5), "sees_portfolio": True, "weight_decay": 0.01},
    "stopping": {
        "utility": Sharpe(volatility_floor=1e-4),
        "stopping": Validation(every_steps=2 * UPDATE, patience_steps=4 * UPDATE, figure="sharpe"),
    },
}


@pytest.mark.parametrize("name", RESUMED)
def test_killed_and_resumed_it_ends_the_same(name, market):
    agent = agent_of(total_steps=12 * UPDATE, **RESUMED[name])
    whole = weights_of(fitted(agent, ENVIRONMENT, market))
    kept, kills = Kept(), 0
    while True:
        kept.saves = 1 + kills % 3
        try:
            resumed = fitted(agent, ENVIRONMENT, market, checkpoints=kept)
            break
        except Killed:
            kills += 1
            torch.manual_seed(kills)
    assert kills >= 2
    assert same(whole, weights_of(resumed))


def test_stopping_keeps_the_best_policy(market):
    rule = Validation(every_steps=2 * UPDATE, patience_steps=4 * UPDATE, figure="log_growth")
    told = Told()
    agent = agent_of(total_steps=200 * UPDATE, stopping=rule, learning_rate=0.05)
    assert agent.needs_validation and not agent_of().needs_validation
    policy = fitted(agent, ENVIRONMENT, market, monitor=told)
    assert told.figures["stopped_early"] == 1 and told.figures["steps"] < 200 * UPDATE
    best = agent_of(total_steps=int(told.figures["best_step"]), learning_rate=0.05)
    assert same(weights_of(policy), weights_of(fitted(best, ENVIRONMENT, market)))


def test_progress_and_curves_are_told_in_environment_steps(market):
    told = Told()
    fitted(agent_of(total_steps=45 * UPDATE - 5), ENVIRONMENT, market, monitor=told)
    assert told.steps[-1] == (45 * UPDATE, 45 * UPDATE)
    assert sorted(told.curve) == [20 * UPDATE, 40 * UPDATE, 45 * UPDATE]
    assert {"train/utility", "train/growth_bps", "train/turnover"} <= told.curve[20 * UPDATE].keys()


def test_without_averaging_the_last_weights_are_the_policy(market):
    agent = agent_of(average=0.0)
    learner = agent.learner(ENVIRONMENT, market, slice(20, 120), scaler_of(market), 0)
    for _ in range(3):
        learner.update(1.0)
        assert same(learner.averaged.state_dict(), learner.actor.state_dict())


def scaler_of(market):
    return RobustScaler.fit(market.features[0], market.member, slice(20, 120), clip=5.0, max_cells=10**6)


def test_a_turnover_penalty_makes_it_trade_less(market):
    turnover = {}
    for bps in (0.0, 500.0):
        agent = agent_of(turnover_penalty_bps=bps)
        learner = agent.learner(ENVIRONMENT, market, slice(20, 120), scaler_of(market), 0)
        turnover[bps] = float(sum(learner.update(1.0).turnover for _ in range(60)))
    assert turnover[500.0] < 0.7 * turnover[0.0]


def test_a_saved_policy_comes_back_and_asks_for_the_same_columns(market, tmp_path):
    agent = agent_of(network=NETWORKS["cross_sectional_lstm"])
    policy = fitted(agent, ENVIRONMENT, market)
    policy.save(tmp_path)
    again = agent.load(tmp_path, ENVIRONMENT, market)
    observation = np.random.default_rng(0).random((3, ENVIRONMENT.layout(market).size)).astype(np.float32)
    acted, acted_again = (p.act(observation, p.reset(3)) for p in (policy, again))
    np.testing.assert_array_equal(acted.target_weights, acted_again.target_weights)
    assert np.isfinite(acted.target_weights).any()
    renamed = type(market)(**vars(market) | {"feature_names": ("f1", "f0", "f2")})
    with pytest.raises(ConfigError, match="position 0 is 'f1' in the panel, 'f0' in the policy"):
        agent.load(tmp_path, ENVIRONMENT, renamed)
    with pytest.raises(DataError, match=r"decision\.sees_portfolio"):
        agent_of(sees_portfolio=True).load(tmp_path, ENVIRONMENT, market)
    short = make_environment("target_weights_short", episode_bars=24)
    with pytest.raises(DataError, match=r"decision\.(leverage|short)"):
        agent.load(tmp_path, short, market)


def test_weights_are_signed_only_where_short_sales_are_allowed(market):
    short = make_environment("target_weights_short", episode_bars=24)
    rng = np.random.default_rng(0)
    for environment, sold in ((ENVIRONMENT, False), (short, True)):
        agent, scaler, layout = agent_of(), scaler_of(market), environment.layout(market)
        actor = disturbed(agent.actor(environment, market, scaler), scale=0.4)
        actor.first[0] = -1.0  # most assets look bad
        policy = NetworkPolicy(actor, agent.network, layout, scaler)
        observation = rng.normal(size=(200, layout.size)).astype(np.float32)
        layout.asset_state(observation, "member")[:] = 1.0
        layout.asset_state(observation, "weight")[:] = 0.0
        targets = np.nan_to_num(policy.act(observation, policy.reset(200)).target_weights)
        assert (targets.min() < 0) == sold and targets.any()
        assert np.abs(targets).sum(axis=1).max() <= (1.5 if sold else 1.0) + 1e-6


@pytest.mark.parametrize(
    ("environment", "changed", "told"),
    [
        ({"stops": StopLoss(stop_loss=0.05, cooldown_bars=1)}, {}, "execution/stops=none"),
        ({"account": cash_account(whole_shares=True)}, {}, "execution.account.whole_shares"),
        ({"account": cash_account(min_trade_value=10.0)}, {}, "execution.account.min_trade_value"),
        ({"account": margin_account(trim_drift=True)}, {}, "execution.account.trim_drift"),
        ({}, {"window_bars": 25}, r"agent\.window_bars: 25 .*\(at most 24\)"),
        ({}, {"device": "tpu"}, "agent.device: 'tpu' is not there"),
    ],
)
def test_what_it_cannot_do_is_refused_in_one_line(environment, changed, told, market):
    with pytest.raises(ConfigError, match=told) as refused:
        agent_of(**changed).check(make_environment("target_weights", episode_bars=24, **environment), market)
    assert "\n" not in str(refused.value)


def test_any_band_can_be_the_first(market):
    environment = make_environment("target_weights", episode_bars=24)
    for band in (1e-9, 0.1, 2.0, 1000.0):
        agent = agent_of(initial_band=band)
        scaler = RobustScaler.fit(
            market.features[0], market.member, slice(20, 120), clip=5.0, max_cells=10**6
        )
        first = agent.actor(environment, market, scaler).first[2]
        assert float(torch.nn.functional.softplus(first.double())) == pytest.approx(band, rel=1e-5)


def test_an_episode_that_does_not_fit_the_training_window_is_refused(market):
    with pytest.raises(ConfigError, match=r"env\.episode_bars: 24 does not fit"):
        fitted(agent_of(), ENVIRONMENT, market, train=slice(20, 44))
