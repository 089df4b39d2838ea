"""A saved policy of any network acts the same, refuses another market by name, and other settings too."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from some_networks import VARIANTS, layout_of, scaler, spread

from hand_market import make_environment
from ploutos.agent.network.actor import SpaceActor
from ploutos.agent.network_policy import NetworkPolicy
from ploutos.types import ConfigError, DataError

ACTIONS = ["discrete", "discrete_short", "target_weights", "delta_weights_short"]


def builder(name, action, layout):
    space = make_environment(action).action
    return lambda found: SpaceActor(VARIANTS[name], layout, found, space, hold_bias=0.0)


def made(name, action="discrete", layout=None):
    layout = layout or layout_of()
    actor = spread(builder(name, action, layout)(scaler()))
    return NetworkPolicy(actor, VARIANTS[name], layout, scaler())


def load(folder, name, action="discrete", layout=None):
    layout = layout or layout_of()
    return NetworkPolicy.load(folder, VARIANTS[name], layout, builder(name, action, layout))


def observations(layout, bars=6, batch=3, seed=0):
    rng = np.random.default_rng(seed)
    flat = rng.normal(size=(bars * batch, layout.size)).astype(np.float32)
    layout.asset_column(flat, "member")[:] = rng.random((len(flat), layout.assets)) < 0.8
    layout.asset_column(flat, "holding_bars")[:] = rng.integers(0, 50, (len(flat), layout.assets))
    return flat.reshape(bars, batch, -1)


def play(policy, seen):
    """Return everything said on observations [T, B, D]."""
    state, said = policy.reset(seen.shape[1]), []
    for bar in seen:
        action = policy.act(bar, state)
        state = action.state
        said += [action.value, action.target_weights, action.confidence, state.numpy()]
    return said


def same(one, two):
    return all(np.array_equal(a, b, equal_nan=True) for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("action", ACTIONS)
def test_a_round_trip_acts_the_same_to_the_last_bit(variant, action, tmp_path):
    policy = made(variant, action)
    policy.save(tmp_path)
    again = load(tmp_path, variant, action)
    seen = observations(layout_of())
    said = play(policy, seen)
    assert same(said, play(again, seen)) and same(said, play(policy, seen))
    confidence = said[2]
    assert confidence.dtype == np.float64 and (confidence >= 0).all() and (confidence <= 1).all()


def test_what_other_portfolios_of_the_batch_see_changes_no_bit(variant):
    policy, seen = made(variant), observations(layout_of())
    other = observations(layout_of(), seed=1)
    other[:, 1] = seen[:, 1]
    for a, b in zip(play(policy, seen), play(policy, other), strict=True):
        np.testing.assert_array_equal(a[1], b[1])


def test_only_tensors_and_json_are_written(variant, tmp_path):
    made(variant).save(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"weights.pt", "policy.json"}
    assert all(
        isinstance(part, torch.Tensor)
        for part in torch.load(tmp_path / "weights.pt", weights_only=True).values()
    )
    about = json.loads((tmp_path / "policy.json").read_text())
    assert about["decision"] == {"action": "Discrete", "lot_weight": 0.25, "allow_short": False}
    assert about["network"]["variant"] == type(VARIANTS[variant]).__name__
    assert about["network"]["head_width"] == 8


def test_a_policy_is_a_copy_that_training_does_not_move(variant):
    layout = layout_of()
    actor = spread(builder(variant, "discrete", layout)(scaler()))
    policy = NetworkPolicy(actor, VARIANTS[variant], layout, scaler())
    seen = observations(layout)
    before = play(policy, seen)
    spread(actor, seed=1)
    assert same(before, play(policy, seen))
    assert all(parameter.requires_grad for parameter in actor.parameters()) and actor.training


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"feature_names": ("f0", "f2", "f1")},
            "feature_names: position 1 is 'f2' in the panel, 'f1' in the",
        ),
        ({"feature_names": ("f0", "f1")}, "feature_names: position 2 is 'None' in the panel, 'f2' in the"),
        ({"macro_names": ("m0", "other")}, "macro_names: position 1 is 'other' in the panel, 'm1' in the"),
    ],
)
def test_other_columns_are_refused_naming_the_first(variant, changed, message, tmp_path):
    made(variant).save(tmp_path)
    with pytest.raises(ConfigError, match=message):
        load(tmp_path, variant, layout=replace(layout_of(), **changed))


def test_a_damaged_file_that_names_no_columns_is_refused(tmp_path):
    made("cross_sectional_mlp").save(tmp_path)
    saved = json.loads((tmp_path / "policy.json").read_text())
    (tmp_path / "policy.json").write_text(json.dumps(saved | {"layout": {}}))
    with pytest.raises(ConfigError, match="feature_names: position 0 is 'f0' in the panel, 'None' in the"):
        load(tmp_path, "cross_sectional_mlp")


def test_more_assets_are_welcome_where_the_network_knows_no_slots(equivariant, tmp_path):
    made(equivariant).save(tmp_path)
    wide = layout_of(assets=8)
    said = play(load(tmp_path, equivariant, layout=wide), observations(wide))
    assert said[1].shape == (3, 8)


def test_more_assets_are_refused_where_it_knows_slots(tmp_path):
    made("flat_mlp").save(tmp_path)
    with pytest.raises(DataError, match="trained on 5 slots, the panel has 8; FlatMlp fits one number only"):
        load(tmp_path, "flat_mlp", layout=layout_of(assets=8))


@pytest.mark.parametrize(
    ("saved", "loaded", "message"),
    [
        (
            ("cross_sectional_mlp", "discrete"),
            ("flat_mlp", "discrete"),
            "network.asset_width = 8, here it is 4",
        ),
        (
            ("market_memory_only", "discrete"),
            ("cross_sectional_lstm", "discrete"),
            "asset_memory_width = 0, here",
        ),
        (
            ("flat_mlp", "discrete"),
            ("flat_mlp", "discrete_short"),
            "decision.allow_short = False, here it is True",
        ),
        (
            ("flat_mlp", "discrete"),
            ("flat_mlp", "target_weights"),
            "decision.action = Discrete, here it is Target",
        ),
    ],
)
def test_other_settings_are_refused_by_name(saved, loaded, message, tmp_path):
    made(*saved).save(tmp_path)
    with pytest.raises(DataError, match=f"{tmp_path}: trained with .*{message}") as refused:
        load(tmp_path, *loaded)
    assert "\n" not in str(refused.value)


def test_weights_of_other_shapes_are_refused_in_one_line(tmp_path):
    policy = made("cross_sectional_mlp")
    policy.save(tmp_path)
    weights = torch.load(tmp_path / "weights.pt", weights_only=True)
    for name, change, told in (
        (
            "asset_head.out.weight",
            {"asset_head.out.weight": torch.zeros(9, 9)},
            "is 9x9 in the file, .* in the network",
        ),
        (
            "asset_head.extra",
            {"asset_head.extra": torch.zeros(2)},
            "is 2 in the file, missing in the network",
        ),
        ("asset_head.out.bias", {"asset_head.out.bias": 1.5}, "is missing in the file, "),
    ):
        torch.save(weights | change, tmp_path / "weights.pt")
        with pytest.raises(DataError, match=rf"weights\.pt: {name} {told}") as refused:
            load(tmp_path, "cross_sectional_mlp")
        assert "\n" not in str(refused.value)


def test_heads_that_do_not_divide_the_width_are_refused():
    from ploutos.agent.network.set_attention import SetAttention

    with pytest.raises(ConfigError, match=r"heads: 5 does not divide asset_width 32 \(nearest: 30\)"):
        SetAttention(asset_width=32, heads=5, blocks=1, head_width=8, clip=5.0)
