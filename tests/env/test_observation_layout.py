"""The observation, column by column, against numbers written by hand."""

import numpy as np
import pytest

from hand_market import make_environment, make_market
from ploutos.env.layout import ASSET_STATE, PORTFOLIO_STATE, Layout
from ploutos.execution.ledger import Ledger
from ploutos.types import ConfigError

# Three bars of two names; features "slow" and "fast", one macro column. T1 leaves the universe at bar 1.
MARKET = make_market(
    opens=[[10.0, 20.0], [10.0, 20.0], [12.0, 18.0]],
    closes=[[10.0, 20.0], [12.0, 15.0], [12.0, 18.0]],
    features=[[[[1, 2], [3, 4]], [[5, 6], [7, 8]], [[9, 10], [11, 12]]]],
    feature_names=("slow", "fast"),
    macro=[[0.5], [-0.5], [0.25]],
    member=[[True, True], [True, False], [True, True]],
)


def simulator(batch=1, cost_bps=0.0):
    environment = make_environment(cost_bps=cost_bps, capital=10_000.0)
    return environment.simulator(
        MARKET,
        ledger=Ledger.open(batch, 2, 10_000.0),
        scenario=np.zeros(batch, np.int64),
        row=np.zeros(batch, np.int64),
    )


def observe(sim):
    return sim.observe(np.full((len(sim.row), sim.layout.size), np.nan, np.float32))


def trade(sim, targets):
    return sim.step(np.array(targets), np.zeros((len(sim.row), sim.layout.size), np.float32))


def test_names_in_order():
    layout = simulator().layout
    assert layout.asset_columns == ("slow", "fast", "member", "weight", "unrealised_return", "holding_bars")
    assert layout.global_columns == ("cash_weight", "drawdown", "leverage", "m0")
    assert layout.size == 2 * 6 + 4


def test_at_the_start_everything_is_cash():
    features, member, account = [1, 2, 3, 4], [1, 1], [1, 0, 0, 0.5]
    assert list(observe(simulator())[0]) == [*features, *member, *[0] * 6, *account]


def test_after_a_trade_by_hand():
    sim = simulator()
    trade(sim, [[0.4, 0.5]])
    # 400 at 10 -> 12: 4 800; 250 at 20 -> 15: 3 750; cash 1 000; equity 9 550, peak 10 000.
    equity = 9_550.0
    member, weight, gain, bars = [1, 0], [4_800 / equity, 3_750 / equity], [0.2, -0.25], [1, 1]
    account = [1_000 / equity, 0.045, 8_550 / equity, -0.5]
    expected = [5, 6, 0, 0, *member, *weight, *gain, *bars, *account]
    np.testing.assert_allclose(observe(sim)[0], expected, rtol=1e-6)


def test_columns_found_by_name_are_the_ones_the_kernel_wrote():
    sim = simulator(batch=2)
    trade(sim, [[0.4, 0.5], [0.0, 0.25]])
    observation = observe(sim)
    column = sim.layout.asset_column
    np.testing.assert_array_equal(column(observation, "slow"), [[5, 0], [5, 0]])
    np.testing.assert_array_equal(column(observation, "member"), [[1, 0], [1, 0]])
    np.testing.assert_allclose(column(observation, "weight"), sim.weights(), rtol=1e-6)
    np.testing.assert_allclose(
        column(observation, "unrealised_return"), [[0.2, -0.25], [0, -0.25]], rtol=1e-6
    )


def test_parts_are_views_and_not_copies():
    sim = simulator()
    observation, layout = observe(sim), sim.layout
    parts = [layout.features(observation), layout.macro(observation)]
    parts += [layout.asset_state(observation, name) for name in ASSET_STATE]
    parts += [layout.portfolio_state(observation, name)[:, None] for name in PORTFOLIO_STATE]
    assert parts[0].shape == (1, 2, 2) and parts[1].shape == (1, 1)
    assert all(np.shares_memory(part, observation) for part in parts)
    assert sum(part.size for part in parts) == observation.size


def test_a_ruined_portfolio_is_observed_without_nan():
    sim = simulator()
    sim.ledger.cash[:] = sim.ledger.equity[:] = 0.0
    observation = observe(sim)
    assert np.isfinite(observation).all()
    assert list(observation[0, -4:]) == [0.0, 1.0, 0.0, 0.5]
    assert (sim.weights() == 0).all()


def test_an_unknown_column_names_the_nearest():
    with pytest.raises(ConfigError, match=r"'membr'.*Nearest: 'member'"):
        simulator().layout.asset_column(observe(simulator()), "membr")


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("fast", "slow"), "position 0 is 'fast' in the panel, 'slow' in the policy"),
        (("slow",), "position 1 is 'None' in the panel, 'fast' in the policy"),
        (("slow", "fast", "new"), "position 2 is 'new' in the panel, 'None' in the policy"),
    ],
)
def test_other_columns_are_refused_by_name(names, told):
    """Trap 4: order and names of the columns, between training and use."""
    trained = Layout(2, ("slow", "fast"), ("vix",)).as_dict()
    with pytest.raises(ConfigError, match=told):
        Layout(2, names, ("vix",)).require_same_columns(trained)


def test_other_macro_columns_are_refused_too():
    with pytest.raises(ConfigError, match="macro_names"):
        Layout(2, ("slow",), ("vix", "dxy")).require_same_columns(
            Layout(2, ("slow",), ("vix", "tnx")).as_dict()
        )


def test_the_number_of_assets_may_differ():
    Layout(5, ("slow",), ()).require_same_columns(Layout(2, ("slow",), ()).as_dict())
