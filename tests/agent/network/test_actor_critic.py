"""Any network as a policy of Stable-Baselines3: the distribution, the value, and who may be traded."""

from copy import copy

import numpy as np
import pytest
import torch
from gymnasium import spaces
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from some_networks import EQUIVARIANT, VARIANTS, layout_of, scaler, spread

from hand_market import make_environment
from ploutos.agent.network.actor_critic import NetworkActorCritic
from ploutos.agent.network_policy import NetworkPolicy
from ploutos.env.action.discrete import HOLD

ORDER = [3, 0, 4, 1, 2]
CASH = {  # where the cash value of a continuous action stands
    "target_weights": [5],
    "target_weights_short": [5],
    "delta_weights": [],
    "delta_weights_short": [],
}
ALL_ACTIONS = ["discrete", "discrete_short", *CASH]
LAYOUT = layout_of()


def made(name, action, hold_bias=0.0):
    """Return the policy of a variant with definite weights, and the action space."""
    chosen = make_environment(action).action
    policy = NetworkActorCritic(
        spaces.Box(-np.inf, np.inf, (LAYOUT.size,), np.float32),
        chosen.space(LAYOUT.assets),
        lambda _: 1e-3,
        network=VARIANTS[name],
        layout=LAYOUT,
        scaler=scaler(),
        action=chosen,
        hold_bias=hold_bias,
        initial_log_std=-1.0,
    )
    return spread(policy), chosen


def observations(batch=6, seed=0):
    """Return random observations [B, D] in which some assets are no members."""
    rng = np.random.default_rng(seed)
    flat = rng.normal(size=(batch, LAYOUT.size)).astype(np.float32)
    LAYOUT.asset_column(flat, "member")[:] = rng.random((batch, LAYOUT.assets)) < 0.7
    LAYOUT.asset_column(flat, "weight")[:] = rng.random((batch, LAYOUT.assets)) / LAYOUT.assets
    LAYOUT.asset_column(flat, "holding_bars")[:] = rng.integers(0, 50, (batch, LAYOUT.assets))
    return flat


def permuted(flat):
    crossed = flat.copy()
    for name in LAYOUT.asset_columns:
        LAYOUT.asset_column(crossed, name)[:] = LAYOUT.asset_column(flat, name)[:, ORDER]
    return crossed


def run(policy, flat):
    """Return the distribution and the value."""
    state, starts = policy.initial_states(len(flat)).pi, torch.zeros(len(flat))
    with torch.no_grad():
        distribution, _ = policy.get_distribution(torch.as_tensor(flat), state, starts)
        value = policy.predict_values(torch.as_tensor(flat), state, starts)
    return copy(distribution), value


@pytest.mark.parametrize("action", ALL_ACTIONS)
def test_permuting_assets_permutes_the_policy_and_leaves_the_value(equivariant, action):
    policy, _ = made(equivariant, action)
    flat = observations()
    (straight, value), (crossed, value2) = run(policy, flat), run(policy, permuted(flat))
    if action.startswith("discrete"):
        assert straight.log_p.shape == (6, 5, 4 if action == "discrete_short" else 3)
        got, expected = crossed.log_p, straight.log_p[:, ORDER]
    else:
        got, expected = crossed.mean, straight.mean[:, [*ORDER, *CASH[action]]]
        assert got.shape == (6, 5 + len(CASH[action]))
    assert expected.std() > 0.1 and value.std() > 0.01
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(value2, value, rtol=1e-4, atol=1e-5)


def test_the_flat_network_is_not_equivariant():
    policy, _ = made("flat_mlp", "discrete")
    flat = observations()
    LAYOUT.asset_column(flat, "member")[:] = 1
    (straight, value), (crossed, value2) = run(policy, flat), run(policy, permuted(flat))
    assert (crossed.log_p - straight.log_p[:, ORDER]).abs().max() > 0.1
    assert (value2 - value).abs().max() > 0.01


@pytest.mark.parametrize("action", ["discrete", "discrete_short"])
def test_non_members_have_no_other_choice_than_hold(variant, action):
    policy, _ = made(variant, action)
    flat = observations(batch=64)
    outside = torch.as_tensor(LAYOUT.asset_column(flat, "member") == 0)
    distribution, _ = run(policy, flat)
    torch.manual_seed(0)
    assert all((distribution.sample()[outside] == HOLD).all() for _ in range(20))
    assert (distribution.mode()[~outside] != HOLD).any()
    assert (distribution.log_p[outside].exp() == torch.eye(distribution.log_p.shape[-1])[HOLD]).all()
    assert (distribution.confidence()[outside] == 1).all()


@pytest.mark.parametrize("action", CASH)
def test_numbers_of_non_members_are_0_and_do_not_count(variant, action):
    policy, _ = made(variant, action)
    flat = observations(batch=64)
    outside = torch.as_tensor(LAYOUT.asset_column(flat, "member") == 0)
    distribution, _ = run(policy, flat)
    torch.manual_seed(0)
    drawn = distribution.sample()
    assert (drawn[:, :5][outside] == 0).all() and (drawn[:, :5][~outside] != 0).all()
    other = drawn.clone()
    other[:, :5][outside] = 7.0
    assert torch.equal(distribution.log_prob(drawn), distribution.log_prob(other))
    inside = torch.cat([~outside, torch.ones(64, len(CASH[action]), dtype=torch.bool)], dim=1)
    for row in (0, 1, 2):
        theirs = torch.distributions.Normal(
            distribution.mean[row][inside[row]], np.exp(policy.log_std.item())
        )
        expected = theirs.log_prob(drawn[row][inside[row]]).sum()
        torch.testing.assert_close(distribution.log_prob(drawn)[row], expected, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(distribution.entropy()[row], theirs.entropy().sum(), rtol=1e-5, atol=1e-5)


def test_the_spread_of_continuous_numbers_is_the_one_that_is_set():
    policy, _ = made("cross_sectional_mlp", "delta_weights")
    flat = np.repeat(observations(batch=1), 20_000, axis=0)
    LAYOUT.asset_column(flat, "member")[:] = 1
    distribution, _ = run(policy, flat)
    torch.manual_seed(0)
    drawn = distribution.sample()
    torch.testing.assert_close(drawn.mean(dim=0), distribution.mean[0], rtol=0, atol=0.05)
    std = torch.exp(policy.log_std.detach()).expand(5)
    torch.testing.assert_close(drawn.std(dim=0), std, rtol=0.03, atol=0)


@pytest.mark.parametrize("action", ALL_ACTIONS)
def test_non_members_are_never_traded_into(variant, action):
    policy, _ = made(variant, action)
    acting = NetworkPolicy(policy.actor, VARIANTS[variant], LAYOUT, scaler())
    flat = observations(batch=64)
    outside = LAYOUT.asset_column(flat, "member") == 0
    targets = acting.act(flat, acting.reset(64)).target_weights[outside]
    assert not (targets != 0).any(where=~np.isnan(targets))
    if not action.startswith("discrete"):
        assert (targets == 0).all()


@pytest.mark.parametrize("wild", [1e6, 1e30, np.nan])
@pytest.mark.parametrize("action", ["discrete", "target_weights"])
def test_what_a_non_member_shows_changes_nothing(variant, action, wild):
    policy, _ = made(variant, action)
    flat = observations()
    LAYOUT.asset_column(flat, "member")[:, 2] = 0
    other = flat.copy()
    LAYOUT.asset_column(other, "f0")[:, 2] = wild
    (one, value), (two, value2) = run(policy, flat), run(policy, other)
    assert torch.equal(one.mode(), two.mode()) and torch.equal(value, value2)


def episodes(length=20, batch=3):
    """Return observations [T, B, D] and starts [T, B] with an episode that begins in the middle."""
    obs = torch.as_tensor(observations(batch=length * batch)).view(length, batch, -1)
    starts = torch.zeros(length, batch)
    starts[0], starts[11, 1] = 1.0, 1.0
    return obs, starts


@pytest.mark.parametrize("action", ALL_ACTIONS)
def test_a_rollout_is_judged_as_it_was_played(variant, action):
    """Stepping, sequences time first and sb3-contrib's padded sequences say the same."""
    policy, _ = made(variant, action)
    obs, starts = episodes()
    torch.manual_seed(0)
    states, played = policy.initial_states(3), []
    with torch.no_grad():
        for t in range(len(obs)):
            actions, values, log_prob, states = policy.forward(obs[t], states, starts[t])
            played.append((actions, values[:, 0], log_prob))
            assert actions.shape == (3, *policy.action_space.shape)
        actions, values, log_prob = (torch.stack(parts) for parts in zip(*played, strict=True))
        judged = policy.judge_sequences(obs, actions, policy.initial_states(3), starts)
        padded = [part.swapaxes(0, 1).flatten(0, 1) for part in (obs, actions, starts)]
        flat = policy.evaluate_actions(padded[0], padded[1], policy.initial_states(3), padded[2])
    torch.testing.assert_close(judged.values, values, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(judged.log_prob, log_prob, rtol=1e-5, atol=1e-4)
    for ours, theirs in zip(judged, flat, strict=True):
        torch.testing.assert_close(ours.swapaxes(0, 1).flatten(), theirs)


def test_the_hold_bias_is_the_odds_of_holding_before_training():
    torch.manual_seed(0)
    chosen = make_environment("discrete").action
    policy = NetworkActorCritic(
        spaces.Box(-np.inf, np.inf, (LAYOUT.size,), np.float32),
        chosen.space(LAYOUT.assets),
        lambda _: 1e-3,
        network=VARIANTS["cross_sectional_lstm"],
        layout=LAYOUT,
        scaler=scaler(),
        action=chosen,
        hold_bias=2.0,
        initial_log_std=-1.0,
    )
    flat = observations()
    LAYOUT.asset_column(flat, "member")[:] = 1
    odds = run(policy, flat)[0].log_p
    torch.testing.assert_close(odds[..., 0] - odds[..., 1], torch.full((6, 5), 2.0), rtol=0, atol=0.1)


def test_second_states_of_any_width_come_back_as_they_came():
    """sb3-contrib's own algorithm keeps pairs of equal width; ours keeps an empty second one."""
    policy, _ = made("cross_sectional_lstm", "discrete")
    obs, width = torch.as_tensor(observations()), policy.actor.perception.state_size
    wide = torch.randn(1, 6, width)
    torch.manual_seed(0)
    *one, after = policy.forward(obs, RNNStates((wide * 0, wide), (wide * 0, wide)), torch.zeros(6))
    torch.manual_seed(0)
    *two, after2 = policy.forward(obs, policy.initial_states(6), torch.zeros(6))
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    assert torch.equal(after.pi[1], wide) and after2.pi[1].shape == (1, 6, 0)
    assert torch.equal(after.pi[0], after2.pi[0]) and torch.equal(after.vf[0], after.pi[0])


def test_all_equivariant_networks_are_here():
    assert EQUIVARIANT == [
        "cross_sectional_mlp",
        "cross_sectional_lstm",
        "market_memory_only",
        "set_attention",
    ]
