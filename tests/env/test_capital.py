"""Whatever acts, under whatever stops: equity as a share of capital does not depend on capital."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hand_market import HOUR, START, cash_account, make_environment, make_market, margin_account
from ploutos.env.action.decode import decode
from ploutos.env.action.delta_weights import DeltaWeights
from ploutos.execution.ledger import Ledger
from ploutos.execution.stops.full import Full
from ploutos.execution.stops.no_stops import NoStops
from ploutos.execution.stops.stop_loss import StopLoss

ROWS, ASSETS, BATCH = 160, 6, 3
STOPS = {
    "none": NoStops(),
    "stop_loss": StopLoss(stop_loss=0.05, cooldown_bars=3),
    "full": Full(
        stop_loss=0.05,
        take_profit=0.15,
        trailing_stop=0.08,
        max_drawdown=0.2,
        max_session_loss=0.05,
        cooldown_bars=7,
    ),
}
ACTIONS = [
    "discrete",
    "discrete_short",
    "target_weights",
    "target_weights_short",
    "delta_weights",
    "delta_weights_short",
]


def hourly_market(rng, scale, grid):
    """Return a market whose prices lie on a grid of cents: ties are frequent, as on an exchange."""
    closes = 30.0 * np.exp(np.cumsum(rng.normal(0, scale, (ROWS, ASSETS)), axis=0))
    opens = np.concatenate([closes[:1], closes[:-1]]) * np.exp(rng.normal(0, scale / 3, closes.shape))
    closes, opens = np.ceil(closes / grid) * grid, np.ceil(opens / grid) * grid
    flat = rng.random(ROWS) < 0.1  # bars in which nothing moves
    for t in np.flatnonzero(flat[1:]) + 1:
        closes[t] = opens[t] = closes[t - 1]
    ts = START + HOUR * (np.arange(ROWS) // 7 * 24 + np.arange(ROWS) % 7)
    return make_market(opens, closes, ts=ts)


def played(environment, market, actions, capital):
    """Return equity [K, B] and held bars [K, B, N] of `actions` [K, B, ...]."""
    ledger = Ledger.open(BATCH, ASSETS, capital)
    row, scenario = np.zeros(BATCH, np.int64), np.zeros(BATCH, np.int64)
    simulator = environment.simulator(market, ledger=ledger, scenario=scenario, row=row)
    layout = simulator.layout
    seen = simulator.observe(np.zeros((BATCH, layout.size), np.float32))
    equity, held = [], []
    for action in actions:
        simulator.step(decode(environment.action, layout, seen, action), seen)
        equity.append(ledger.equity.copy())
        held.append(layout.asset_state(seen, "holding_bars").copy())
    return np.array(equity), np.array(held)


def random_actions(environment, rng):
    """Return what a policy does that insists, changes its mind and takes back what it did."""
    space = environment.action.space(ASSETS)
    space.seed(int(rng.integers(2**31)))
    actions = np.array([[space.sample() for _ in range(BATCH)] for _ in range(ROWS - 1)])
    for k in range(1, ROWS - 1):
        mood = rng.random()
        if mood < 0.4:
            actions[k] = actions[k - 1]
        elif mood < 0.55 and actions.dtype.kind == "f":
            actions[k] = -actions[k - 1]
    return actions


@pytest.mark.parametrize("stops", list(STOPS))
@pytest.mark.parametrize("action", ACTIONS)
@settings(max_examples=6, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    power=st.floats(0.0, 12.0),
    bps=st.sampled_from([0.0, 10.0, 100.0]),
    scale=st.sampled_from([0.004, 0.02, 0.08]),
    margin=st.booleans(),
)
def test_no_result_depends_on_the_capital(action, stops, seed, power, bps, scale, margin):
    rng = np.random.default_rng(seed)
    short = action.endswith("short")
    account = margin_account(allow_short=short) if margin or short else cash_account()
    environment = make_environment(action, cost_bps=bps, account=account, stops=STOPS[stops])
    market = hourly_market(rng, scale, 0.01 if rng.random() < 0.5 else 0.5)
    actions = random_actions(environment, rng)
    one, bars_one = played(environment, market, actions, 1.0)
    other, bars_other = played(environment, market, actions, 10.0**power)
    # Weights are read off 32 bits, whose last digit a last bit of the capital can turn; what leverage and
    # sixty bars make of 6e-8 stays far below anything that a position, a stop or a cost would do.
    assert np.abs(one - other / 10.0**power).max() <= 1e-5
    assert (bars_one == bars_other).all()
    # A power of two turns no bit at all: nothing in the ledger may know how much money it counts.
    twice, bars_twice = played(environment, market, actions, 2.0 ** int(3 * power))
    assert np.array_equal(one, twice / 2.0 ** int(3 * power)) and (bars_one == bars_twice).all()


@pytest.mark.parametrize("weight", [0.1, 0.25, 0.3, 0.7, 0.9])
def test_a_change_that_takes_back_a_weight_leaves_nothing(weight):
    """Weights that 32 bits round up would leave 1e-8 of equity, with an age and stops of its own."""
    action = DeltaWeights(max_delta=weight, dead_band=0.0, allow_short=False)
    seen = np.float32([[weight]])
    target = action.target_weights(np.array([[-1.0]]), member=np.ones((1, 1), bool), weight=seen)
    assert target[0, 0] == 0.0
    more = action.target_weights(np.array([[-0.999]]), member=np.ones((1, 1), bool), weight=seen)
    assert more[0, 0] == pytest.approx(0.001 * weight, rel=1e-4)
