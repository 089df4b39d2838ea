"""Exposure by regime: what is scaled, what is left alone, and what a hold means."""

import numpy as np
import pytest

from ploutos.agent.regime_overlay import RegimeOverlay
from ploutos.env.layout import Layout
from ploutos.types import Action, ConfigError

LAYOUT = Layout(2, ("f",), ("vix_z", "regime_bull", "regime_bear"))
EXPOSURE = {"regime_bull": 1.0, "regime_bear": 0.2}


class Script:
    """Says the next line of a script; counts in its state."""

    def __init__(self, *lines):
        self.lines = [np.array([line], float) for line in lines]

    def reset(self, batch):
        return 0

    def act(self, observation, state):
        targets = self.lines[state].repeat(len(observation), axis=0)
        return Action("votes", targets, np.full(targets.shape, 0.7), state + 1)

    def save(self, folder):
        (folder / "script").touch()


def seen(weight, bull):
    """One observation: weights of the two names, probability of the bull state."""
    row = np.zeros((1, LAYOUT.size), np.float32)
    LAYOUT.asset_state(row, "weight")[:] = weight
    LAYOUT.macro(row)[:] = [9.0, bull, 1.0 - bull]
    return row


def played(policy, steps):
    state, told = policy.reset(1), []
    for weight, bull in steps:
        action = policy.act(seen(weight, bull), state)
        state = action.state
        told.append(action.target_weights[0])
    return np.array(told)


def overlay(*lines, band=0.05, exposure=EXPOSURE):
    return RegimeOverlay(Script(*lines), LAYOUT, exposure=exposure, band=band)


def test_targets_are_multiplied_by_the_expected_exposure():
    told = played(overlay([0.4, -0.2], [0.4, np.nan]), [([0, 0], 1.0), ([0.4, -0.2], 0.5)])
    np.testing.assert_allclose(told[0], [0.4, -0.2])
    np.testing.assert_allclose(told[1], [0.4 * 0.6, -0.2 * 0.6], rtol=1e-6)  # a hold is scaled as well


def test_small_moves_of_the_probabilities_do_not_trade():
    hold = [np.nan, np.nan]
    steps = [([0, 0], 1.0), ([0.5, 0.3], 0.96), ([0.5, 0.3], 0.94), ([0.5, 0.3], 0.93), ([0.47, 0.28], 0.5)]
    told = played(overlay([0.5, 0.3], hold, hold, [0.5, 0.3], hold), steps)
    assert np.isnan(told[1:3]).all()
    factor = 1 - 0.8 * 0.07
    np.testing.assert_allclose(told[3], [0.5 * factor, 0.3 * factor], rtol=1e-6)
    np.testing.assert_allclose(told[4], np.array([0.47, 0.28]) * 0.6 / factor, rtol=1e-6)


def test_what_was_held_comes_back_after_an_exposure_of_nothing():
    hold = [np.nan, np.nan]
    nothing = {"regime_bull": 1.0, "regime_bear": 0.0}
    steps = [([0, 0], 1.0), ([0.5, 0.3], 0.0), ([0.01, 0], 0.0), ([0, 0], 1.0), ([0.5, 0.3], 1.0)]
    told = played(overlay([0.5, 0.3], hold, hold, hold, hold, exposure=nothing), steps)
    np.testing.assert_allclose(told[1], 0.0)
    np.testing.assert_allclose(told[2], 0.0)  # what could not be sold at once is still to go
    np.testing.assert_allclose(told[3], [0.5, 0.3], rtol=1e-6)
    assert np.isnan(told[4]).all()


def test_a_first_hold_keeps_inherited_holdings():
    """Nobody knows at which scale they were bought: scaling them up could lever the account."""
    steps = [([0.3, 0.0], 0.5), ([0.3, 0.06], 1.0)]
    told = played(overlay([np.nan, 0.1], [np.nan, np.nan]), steps)
    assert np.isnan(told[:, 0]).all()
    np.testing.assert_allclose(told[:, 1], [0.06, 0.1], rtol=1e-6)
    out = {"regime_bull": 1.0, "regime_bear": 0.0}
    assert (played(overlay([np.nan, np.nan], exposure=out), [([0.3, 0.2], 0.0)]) == 0).all()


def test_portfolios_do_not_depend_on_their_company(tmp_path):
    policy = overlay([0.4, np.nan], [np.nan, 0.2], [np.nan, np.nan])
    rng = np.random.default_rng(0)
    state, alone = policy.reset(5), [policy.reset(1) for _ in range(5)]
    for _ in range(3):
        together = np.concatenate([seen(rng.random(2), rng.random()) for _ in range(5)])
        action = policy.act(together, state)
        state = action.state
        for k in range(5):
            one = policy.act(together[k : k + 1], alone[k])
            alone[k] = one.state
            assert one.target_weights.tobytes() == action.target_weights[k : k + 1].tobytes()
    assert action.value == "votes" and (action.confidence == 0.7).all()
    policy.save(tmp_path)
    assert (tmp_path / "script").exists()


def test_a_column_that_is_not_shown_is_refused():
    with pytest.raises(ConfigError, match="regime_calm"):
        overlay([0, 0], exposure=EXPOSURE | {"regime_calm": 1.0})
