"""The suite: what it does with missing runs, checks that raise and its own configuration."""

import json
from pathlib import Path

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import execution_whitelist, instantiate

from ploutos.types import Check, Child, PloutosError
from ploutos.validation.suite import Suite

CONF = Path(__file__).parents[2] / "conf"


class Fixed:
    def __init__(self, *, passed=True, gate=True):
        self.gate, self.passed = gate, passed

    def __call__(self, study):
        check = Check(
            name="fixed", passed=self.passed, value=1.0, threshold=0.0, gate=self.gate, summary="is fixed"
        )
        return (check,)


class Raising:
    def __init__(self, error, *, gate=True):
        self.error, self.gate = error, gate

    def __call__(self, study):
        raise self.error


@pytest.fixture
def study(make_study):
    return make_study(np.full(30, 0.001))


def test_gates_that_pass_accept(study):
    verdict = Suite(checks={"one": Fixed(), "two": Fixed(passed=False, gate=False)}).judge(study)
    assert verdict.accepted and verdict.reason == "every gate passed"


class Panic(BaseException):
    """What native libraries raise when they give up."""


@pytest.mark.parametrize("error", [PloutosError("no data"), ZeroDivisionError("by zero"), Panic("gave up")])
def test_a_gate_that_raises_rejects_and_keeps_the_reason(study, error):
    verdict = Suite(checks={"fine": Fixed(), "odd": Raising(error)}).judge(study)
    odd = verdict.checks[1]
    assert (verdict.accepted, verdict.reason) == (False, "failed: odd")
    assert (odd.name, odd.passed, odd.value, odd.gate) == ("odd", False, None, True)
    assert str(error) in odd.summary and "\n" not in odd.summary


def test_a_check_that_informs_and_raises_does_not_reject(study):
    verdict = Suite(checks={"fine": Fixed(), "odd": Raising(ValueError("x"), gate=False)}).judge(study)
    assert verdict.accepted and not verdict.checks[1].passed


def test_ctrl_c_is_not_a_check_that_failed(study):
    with pytest.raises(KeyboardInterrupt):
        Suite(checks={"odd": Raising(KeyboardInterrupt())}).judge(study)


def run(seed, state="FINISHED", fold=0, reason=None):
    return Child(fold=fold, seed=seed, run_id=None, state=state, reason=reason)


@pytest.mark.parametrize("state", ["FAILED", "KILLED", "MISSING"])
def test_an_unfinished_run_rejects_as_incomplete_though_every_gate_passed(make_study, state):
    study = make_study(np.zeros(30), children=(run(0), run(1, state, reason="signal 9")))
    verdict = Suite(checks={"one": Fixed()}).judge(study)
    assert not verdict.accepted
    assert verdict.reason == f"incomplete: 1 of the study's runs missing: fold 0 seed 1 {state} (signal 9)"


def test_a_fold_without_any_run_rejects_as_incomplete(make_study):
    study = make_study(np.zeros(30), children=(run(0, fold=1), run(1, fold=1)))
    verdict = Suite(checks={"one": Fixed()}).judge(study)
    assert "fold 0 seed 0 has no run; fold 0 seed 1 has no run" in verdict.reason


def test_a_suite_without_checks_accepts_nothing(study):
    assert not Suite(checks={}).judge(study).accepted


def test_the_shipped_quick_suite_judges(make_study):
    with initialize_config_dir(str(CONF)):
        config = compose("validation/quick")
    with execution_whitelist(("ploutos.*",)):
        suite = instantiate(config.validation)
    assert list(suite.checks) == ["targets", "price_noise", "bootstrap_sharpe", "paired_baselines"]
    returns = np.random.default_rng(0).normal(0.002, 0.01, 800)
    verdict = suite.judge(make_study(returns, baselines={"equal_weight": -returns}))
    assert not verdict.accepted and "price_noise" in verdict.reason
    assert {check.name for check in verdict.checks} == {
        "target_sharpe",
        "target_max_drawdown",
        "target_years",
        "price_noise",
        "bootstrap_sharpe",
        "beats_equal_weight",
    }
    json.dumps(verdict.as_dict(), allow_nan=False)
