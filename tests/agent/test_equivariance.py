"""The network knows assets by what they show, never by their place."""

from copy import copy

import numpy as np
import pytest
import torch
from sb3_contrib.common.recurrent.type_aliases import RNNStates

from ploutos.env.action.discrete import HOLD

ORDER = [3, 0, 4, 1, 2]
CASH = {  # where the cash value of a continuous action stands
    "target_weights": [5],
    "target_weights_short": [5],
    "delta_weights": [],
    "delta_weights_short": [],
}
ALL_ACTIONS = ["discrete", "discrete_short", *CASH]


def observations(layout, batch=6, seed=0):
    """Return random observations [B, D] in which some assets are no members."""
    rng = np.random.default_rng(seed)
    flat = rng.normal(size=(batch, layout.size)).astype(np.float32)
    layout.asset_column(flat, "member")[:] = rng.random((batch, layout.assets)) < 0.7
    layout.asset_column(flat, "weight")[:] = rng.random((batch, layout.assets)) / layout.assets
    layout.asset_column(flat, "holding_bars")[:] = rng.integers(0, 50, (batch, layout.assets))
    return flat


def permuted(layout, flat):
    crossed = flat.copy()
    for name in layout.asset_columns:
        layout.asset_column(crossed, name)[:] = layout.asset_column(flat, name)[:, ORDER]
    return crossed


def run(network, flat):
    """Return the distribution's parameters, value and next state from a random state."""
    generator = torch.Generator().manual_seed(5)
    layers, _, width = network.lstm_hidden_state_shape
    state = tuple(torch.randn(layers, len(flat), width, generator=generator) for _ in range(2))
    starts = torch.zeros(len(flat))
    with torch.no_grad():
        distribution, state_out = network.get_distribution(torch.as_tensor(flat), state, starts)
        value = network.predict_values(torch.as_tensor(flat), state, starts)
    # The Gaussian one is a single object that the network sets anew at each call.
    return copy(distribution), value, state_out


@pytest.mark.parametrize("action", ALL_ACTIONS)
def test_permuting_assets_permutes_the_policy_and_leaves_the_value(untrained, action):
    _, layout, network = untrained(action)
    flat = observations(layout)
    straight, value, state = run(network, flat)
    crossed, value2, state2 = run(network, permuted(layout, flat))
    if action.startswith("discrete"):
        assert straight.log_p.shape[-1] == (4 if action == "discrete_short" else 3)
        got, expected = crossed.log_p, straight.log_p[:, ORDER]
        assert straight.log_p.std() > 0.1
    else:
        got, expected = crossed.distribution.mean, straight.distribution.mean[:, [*ORDER, *CASH[action]]]
        assert got.shape == (6, 5 + len(CASH[action]))
        assert straight.distribution.mean.std() > 0.1
        assert torch.equal(straight.distribution.stddev, crossed.distribution.stddev)
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(value2, value, rtol=1e-4, atol=1e-5)
    for a, b in zip(state, state2, strict=True):
        torch.testing.assert_close(b, a, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("action", ["discrete", "discrete_short"])
def test_non_members_always_hold_in_the_discrete_space(untrained, action):
    _, layout, network = untrained(action)
    flat = observations(layout, batch=64)
    outside = torch.as_tensor(layout.asset_column(flat, "member") == 0)
    distribution, _, _ = run(network, flat)
    assert (distribution.mode()[outside] == HOLD).all()
    torch.manual_seed(0)
    assert all((distribution.sample()[outside] == HOLD).all() for _ in range(20))
    assert (distribution.mode()[~outside] != HOLD).any()


@pytest.mark.parametrize("action", ALL_ACTIONS)
def test_non_members_are_never_traded_into(untrained, action):
    from ploutos.agent.recurrent_policy import RecurrentPolicy

    environment, layout, network = untrained(action)
    policy = RecurrentPolicy(network, environment.action, layout, None)
    flat = observations(layout, batch=64)
    outside = layout.asset_column(flat, "member") == 0
    targets = policy.act(flat, policy.reset(64)).target_weights[outside]
    assert not (targets != 0).any(where=~np.isnan(targets))
    if not action.startswith("discrete"):
        assert (targets == 0).all()


def test_what_a_non_member_shows_changes_nothing(untrained):
    _, layout, network = untrained("discrete")
    flat = observations(layout)
    layout.asset_column(flat, "member")[:, 2] = 0
    layout.asset_column(flat, "weight")[:, 2] = 0
    other = flat.copy()
    layout.asset_column(other, "f0")[:, 2] = 1e6
    (one, value, _), (two, value2, _) = run(network, flat), run(network, other)
    keep = [0, 1, 3, 4]
    assert torch.equal(one.log_p[:, keep], two.log_p[:, keep]) and torch.equal(value, value2)


@pytest.mark.parametrize("action", ALL_ACTIONS)
def test_forward_evaluate_and_distribution_agree(untrained, action):
    _, layout, network = untrained(action)
    flat = torch.as_tensor(observations(layout))
    layers, _, width = network.lstm_hidden_state_shape
    state = (torch.zeros(layers, 6, width), torch.zeros(layers, 6, width))
    starts = torch.zeros(6)
    with torch.no_grad():
        actions, value, log_prob, _ = network.forward(flat, RNNStates(state, state), starts)
        value2, log_prob2, entropy = network.evaluate_actions(flat, actions, RNNStates(state, state), starts)
        distribution, _ = network.get_distribution(flat, state, starts)
    torch.testing.assert_close(value, value2)
    torch.testing.assert_close(log_prob, log_prob2)
    torch.testing.assert_close(entropy, distribution.entropy())
    assert actions.shape == (6, 5 + len(CASH.get(action, [])))


def test_the_scaler_sits_inside_the_network(untrained, market):
    """Trap 11: raw features in; center and scale travel with the weights."""
    _, layout, network = untrained("discrete")
    names = [name for name in network.state_dict() if name.endswith(("encoder.center", "encoder.scale"))]
    assert len(names) >= 2
    inside = market.features[0, :100][market.member[:100]]
    center = network.state_dict()[names[0]]
    np.testing.assert_allclose(center, np.median(inside, axis=0), rtol=1e-5, atol=1e-6)
    low, high = np.percentile(inside, [25, 75], axis=0)
    np.testing.assert_allclose(network.state_dict()[names[1]], (high - low) / 1.349, rtol=1e-4)
    far = observations(layout)
    layout.asset_column(far, "f0")[:] = 1e9
    farther = far.copy()
    layout.asset_column(farther, "f0")[:] = 1e12
    assert torch.equal(run(network, far)[0].log_p, run(network, farther)[0].log_p)
