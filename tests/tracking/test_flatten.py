"""Nested settings as flat parameters."""

from ploutos.tracking.flatten import MAX_LENGTH, flatten


def test_keys_are_dotted_and_classes_shortened():
    config = {
        "name": "x",
        "agent": {"_target_": "ploutos.agent.recurrent_ppo.RecurrentPPO", "_partial_": True, "gamma": 0.9},
        "split": {"train_months": None, "embargo": {"bars": 6}},
    }
    assert flatten(config) == {
        "name": "x",
        "agent": "RecurrentPPO",
        "agent.gamma": "0.9",
        "split.train_months": "None",
        "split.embargo.bars": "6",
    }


def test_lists():
    config = {"bars": [1, 3], "none": [], "deep": [{"a": 1}, {"a": 2, "b": [4]}]}
    assert flatten(config) == {
        "bars": "1, 3", "none": "", "deep.0.a": "1", "deep.1.a": "2", "deep.1.b": "4",
    }  # fmt: skip


def test_a_target_at_the_top():
    assert flatten({"_target_": "a.b.C", "x": True}) == {"target": "C", "x": "True"}


def test_long_values_are_cut():
    flat = flatten({"text": "a" * 9_000, "list": list(range(5_000))})
    assert {len(v) for v in flat.values()} == {MAX_LENGTH}
