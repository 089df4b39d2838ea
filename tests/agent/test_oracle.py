"""The oracle: what its family does, that the best of it is chosen, that it knows every bar it is shown."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from oracle_market import make_market_of, make_oracle, make_panel_of, make_source, no_alpha

from hand_market import ALONE, make_environment, random_market
from ploutos.agent.equal_weight import EqualWeight
from ploutos.agent.oracle_family import Allowed, Candidate, aims, targets
from ploutos.agent.oracle_policy import OraclePolicy
from ploutos.agent.oracle_tuning import sharpe_ratios, tune
from ploutos.agent.stopping.evaluation import equity_path, evaluate
from ploutos.env.truth import Truth
from ploutos.types import ConfigError, DataError
from ploutos.types.monitor import Silent

LONG, SHORT = Allowed(leverage=1.0, short=False), Allowed(leverage=1.5, short=True)
ALL = np.ones(3, bool)


def unheard(done, total):
    """Listen to nothing."""


@pytest.fixture(scope="module")
def market():
    return make_market_of(make_source())


@pytest.fixture(scope="module")
def environment():
    return make_environment("target_weights")


def test_aims_are_a_softmax_with_cash_at_zero():
    expected = np.array([3e-4, 0.0, -2e-4])
    powers = np.exp([1.5, 0.0, -1.0])
    wanted = aims(expected, ALL, np.array(2.0), LONG)
    np.testing.assert_allclose(wanted, powers / (powers.sum() + 1.0), rtol=1e-12)
    without = aims(expected, np.array([True, True, False]), np.array(2.0), LONG)
    np.testing.assert_allclose(without, [*powers[:2] / (powers[:2].sum() + 1.0), 0.0], rtol=1e-12)


def test_aims_may_be_short_where_that_is_allowed():
    expected = np.array([3e-4, 0.0, -2e-4])
    bought, sold = np.exp([1.5, 0.0, -1.0]), np.exp([-1.5, 0.0, 1.0])
    total = (bought + sold).sum() + 1.0
    wanted = aims(expected, ALL, np.array(2.0), SHORT)
    np.testing.assert_allclose(wanted, 1.5 * (bought - sold) / total, rtol=1e-12)
    assert np.abs(wanted).sum() < 1.5 and wanted[2] < 0 < wanted[0]


@pytest.mark.parametrize("allowed", [LONG, SHORT])
def test_a_temperature_near_zero_holds_the_best_alone_and_a_high_one_everybody(allowed):
    expected = np.array([3e-4, 2e-4, -1e-4])
    cold = aims(expected, ALL, np.array(1e-3), allowed)
    np.testing.assert_allclose(cold, [allowed.leverage, 0.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(aims(-np.abs(expected), ALL, np.array(1e-3), LONG), np.zeros(3), atol=1e-12)
    np.testing.assert_allclose(aims(expected, ALL, np.array(1e9), LONG), np.full(3, 0.25), rtol=1e-6)


def test_targets_go_part_of_the_way_and_leave_small_differences():
    aim, weight = np.array([[0.5, 0.3, 0.0]]), np.array([[0.1, 0.25, 0.08]])
    found = targets(aim, weight, ALL[None], np.array([[0.5]]), np.array([[0.2]]))
    np.testing.assert_allclose(found, [[0.3, np.nan, 0.04]])


def test_a_batch_of_candidates_is_each_of_them_alone(environment):
    agent = make_oracle(make_source())
    drawn = agent.tuning_market()
    found = sharpe_ratios(agent.coarse, environment, drawn, unheard)
    assert len(found) == 12
    rows = slice(1, len(drawn.ts))
    for candidate, ratio in zip(agent.coarse, found, strict=True):
        equity = equity_path(OraclePolicy(candidate, environment, drawn), environment, drawn, rows)
        ends = equity[np.unique(drawn.tape.session_last)]
        returns = np.append(ends[0] / equity[0], ends[1:] / ends[:-1]) - 1.0
        assert ratio == pytest.approx(returns.mean() / returns.std(ddof=1), rel=1e-9)


def test_the_chosen_is_above_every_member_of_the_grid(environment):
    agent = make_oracle(make_source())
    drawn = agent.tuning_market()
    best, highest = tune(environment, drawn, agent.coarse, agent.refinements, unheard)
    coarse = sharpe_ratios(agent.coarse, environment, drawn, unheard)
    assert highest > coarse.max() > np.median(coarse)
    assert sharpe_ratios([best], environment, drawn, unheard)[0] == pytest.approx(highest, rel=1e-9)


def test_higher_costs_leave_less_to_earn():
    agent = make_oracle(make_source(), refinements=[])
    drawn = agent.tuning_market()
    found = [
        tune(make_environment("target_weights", cost_bps=cost), drawn, agent.coarse, [], unheard)[1]
        for cost in (0.0, 2.0, 5.0, 20.0, 100.0)
    ]
    assert all(a > b for a, b in pairwise(found))


def test_knowledge_pays_on_a_market_of_other_draws(market, environment):
    rows = slice(40, len(market.ts))
    oracle = make_oracle(make_source()).fit(environment, market, rows, seed=0, monitor=Silent(), **ALONE)
    equal = EqualWeight(rebalance_bars=1).fit(environment, market, rows, seed=0, monitor=Silent(), **ALONE)
    ratios = [evaluate(policy, environment, market, rows)["sharpe"] for policy in (oracle, equal)]
    assert ratios[0] > ratios[1] + 3.0


def test_without_alpha_there_is_only_the_market_to_hold(environment):
    source = no_alpha(n_bars=3000)
    shown = make_market_of(source)
    rows = slice(40, len(shown.ts))
    oracle = make_oracle(source).fit(environment, shown, rows, seed=0, monitor=Silent(), **ALONE)
    equal = EqualWeight(rebalance_bars=1).fit(environment, shown, rows, seed=0, monitor=Silent(), **ALONE)
    observation = seen_at(environment, shown, np.array([50, 900]))
    aim = oracle.act(observation, None).target_weights
    np.testing.assert_allclose(aim, np.broadcast_to(aim[:, :1], aim.shape), rtol=1e-6)
    ratios = [evaluate(policy, environment, shown, rows)["sharpe"] for policy in (oracle, equal)]
    assert ratios[0] == pytest.approx(ratios[1], abs=0.1)


def seen_at(environment, market, rows):
    """Return what portfolios in cash observe at `rows`."""
    batch = environment.episode_batch(
        market, rows=slice(0, len(market.ts)), bars=2, capital=1e6, batch=len(rows)
    )
    batch.start(np.arange(len(rows)), rows)
    return batch.observe().copy()


def test_it_knows_every_bar_in_any_order(market, environment):
    policy = OraclePolicy(Candidate(2.0, 1.0, 0.0), environment, market)
    rows = np.random.default_rng(0).permutation(np.arange(10, len(market.ts)))
    observation = seen_at(environment, market, rows)
    np.testing.assert_array_equal(policy.rows(observation), rows)
    expected = market.truth.expected_return[rows]
    wanted = aims(expected, np.ones(expected.shape, bool), np.array(2.0), LONG)
    decided = policy.act(observation, policy.reset(len(rows)))
    np.testing.assert_array_equal(
        decided.target_weights[rows < len(market.ts) - 1], wanted[rows < len(market.ts) - 1]
    )


def test_it_goes_by_the_signals_alone(market, environment):
    policy = OraclePolicy(Candidate(2.0, 1.0, 0.0), environment, market)
    rows = np.array([100, 101, 700])
    observation = seen_at(environment, market, rows)
    policy.layout.asset_column(observation, "return_1")[:] *= 1.3
    np.testing.assert_array_equal(policy.rows(observation), rows)
    policy.layout.asset_column(observation, "signal")[1, 2] += 1e-3
    with pytest.raises(DataError, match="shows no bar of the market"):
        policy.rows(observation)


def test_it_says_where_altered_prices_would_be_strange_to_it(market, environment):
    """Where features show the source's signals it knows a bar by them, else by features of the prices."""
    agent = make_oracle(make_source())
    rows = np.array([100, 700])
    for shown, signals in (
        (market, ("signal",)),
        (replace(market, truth=replace(market.truth, signals=0)), ()),
    ):
        policy = OraclePolicy(Candidate(2.0, 1.0, 0.0), environment, shown)
        observation = seen_at(environment, shown, rows)
        policy.layout.asset_column(observation, "return_1")[:] *= 1.001
        told = agent.cannot_replay(shown, signals)
        if told is None:
            np.testing.assert_array_equal(policy.rows(observation), rows)
        else:
            with pytest.raises(DataError, match="shows no bar of the market"):
                policy.rows(observation)
        assert (told is None) == bool(signals)


def test_observations_never_show_the_truth(market, environment):
    rows = np.arange(20, 60)
    blind = replace(market, truth=None)
    np.testing.assert_array_equal(seen_at(environment, market, rows), seen_at(environment, blind, rows))
    assert environment.layout(market) == environment.layout(blind)


def test_truth_moves_with_the_slots_of_its_names():
    panel = make_panel_of(make_source(n_bars=60))
    asset = np.tile(np.array([4, 0, -1], np.int32), (60, 1))
    asset[30:] = [4, 2, 1]
    shown = Truth.of(replace(panel, slot_asset=asset)).expected_return
    expected = panel.expected_return
    np.testing.assert_array_equal(shown[:30, :2], expected[:30, [4, 0]])
    np.testing.assert_array_equal(shown[30:], expected[30:, [4, 2, 1]])
    assert np.isnan(shown[:30, 2]).all()
    assert Truth.of(replace(panel, expected_return=None)) is None


def test_it_refuses_a_market_without_truth_and_a_source_that_cannot_repeat(market, environment):
    agent = make_oracle(make_source())
    agent.check(environment, market)
    with pytest.raises(ConfigError, match=r"^agent\.oracle: the data holds no expected returns"):
        agent.check(environment, random_market(np.random.default_rng(0)))
    with pytest.raises(ConfigError, match=r"^agent\.source: object cannot draw an independent market"):
        make_oracle(object()).check(environment, market)


def test_it_is_saved_and_loaded(market, environment, tmp_path):
    agent = make_oracle(make_source())
    policy = OraclePolicy(Candidate(1.5, 0.3, 0.2), environment, market)
    policy.save(tmp_path)
    again = agent.load(tmp_path, environment, market)
    observation = seen_at(environment, market, np.array([30, 31]))
    np.testing.assert_array_equal(
        again.act(observation, None).target_weights, policy.act(observation, None).target_weights
    )
    other = replace(market, feature_names=("return_1", "volatility_6", "other"))
    with pytest.raises(ConfigError, match="'other' in the panel, 'signal' in the policy"):
        agent.load(tmp_path, environment, other)
    (tmp_path / "policy.json").write_text("{}")
    with pytest.raises(DataError, match="not a saved policy"):
        agent.load(tmp_path, environment, market)
