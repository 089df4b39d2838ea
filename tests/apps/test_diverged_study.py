"""A training that diverges, and a policy that never trades, on the command line."""

import json

import pytest
from commands import CHECKS, TINY, run

pytestmark = pytest.mark.slow


def test_a_diverged_training_fails_with_step_and_figure(tmp_path):
    ended = run("train", *TINY, *CHECKS, "agent.learning_rate=1e30", folder=tmp_path)
    assert ended.code == 1
    (line,) = ended.err.strip().splitlines()
    assert "training ended FAILED: TrainingDiverged: training diverged at step " in line
    assert "nan" in line or "not finite" in line
    assert not list(tmp_path.glob("outputs/train/tiny/*/job/policy"))
    assert not list(tmp_path.glob("outputs/train/tiny/*/verdict.json"))


def test_seeds_that_train_together_fail_together(tmp_path):
    own = [line for line in TINY if not line.startswith("agent.")]
    agent = ["agent=direct_policy_gradient", "agent/network=cross_sectional_mlp", "ensemble=mean"]
    small = [*agent, "agent.total_steps=512", "agent.portfolios=4", "agent.window_bars=16"]
    rest = [*CHECKS, "stack_seeds=true", "fold=0", "seed=0,1"]
    ended = run("study", *own, *small, *rest, "agent.learning_rate=1e30", folder=tmp_path)
    assert ended.code == 1, ended
    (file,) = tmp_path.glob("outputs/study/tiny/*/verdict.json")
    told = json.loads(file.read_text())
    assert not told["accepted"]
    assert {child["state"] for child in told["children"]} == {"FAILED"}
    for child in told["children"]:
        assert "diverged at step" in child["reason"]


def test_a_policy_that_never_trades_is_told_everywhere(tmp_path):
    """With `min_trade_value` above the capital no order is ever sent."""
    idle = ["execution.account.min_trade_value=1e12"]
    ended = run("train", *TINY, *CHECKS, "split.n_folds=1", *idle, folder=tmp_path)
    assert ended.code == 0, ended.err
    (file,) = tmp_path.glob("outputs/train/tiny/*/verdict.json")
    warnings = json.loads(file.read_text())["warnings"]
    page = (file.parent / "report.html").read_text()
    for text in (
        "the strategy never traded out of sample: all its figures are those of cash",
        "the policy never traded in the test window (fold 0 seed 0)",
    ):
        assert text in warnings and text in page
        assert text in " ".join(ended.out.split())
