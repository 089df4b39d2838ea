"""What checks say before training, against what they say afterwards."""

import numpy as np
import pytest

from ploutos.types import ConfigError
from ploutos.validation.bootstrap_sharpe import BootstrapSharpe
from ploutos.validation.paired_baselines import PairedBaselines
from ploutos.validation.price_noise import PriceNoise
from ploutos.validation.prospect import Prospect
from ploutos.validation.suite import Suite
from ploutos.validation.targets import Targets

BOOTSTRAP = {"resamples": 100, "confidence": 0.95, "seed": 0}


def prospect(sessions=800, start="2021-01-01", baselines=("equal_weight",), **kwargs):
    dates = np.busday_offset(start, np.arange(sessions), roll="forward")
    return Prospect(baselines=baselines, dates=dates, sessions_per_year=261.0, **kwargs)


def keys(checks, it):
    return [(key, obstacle.final) for key, obstacle in Suite(checks=checks).foresee(it)]


@pytest.mark.parametrize("draw", range(40))
def test_years_are_foreseen_exactly_where_no_profit_could_pass(make_study, draw):
    """The best record there is, a gain every session, passes exactly where nothing was foreseen."""
    rng = np.random.default_rng(draw)
    sessions, years, share = int(rng.integers(2, 1400)), int(rng.integers(1, 7)), float(rng.random())
    rule = Targets(min_sharpe=0.0, max_drawdown_pct=100.0, min_years=years, min_year_share=share)
    best = make_study(np.full(sessions, 0.001), start="2021-01-01")
    passed = {check.name: check.passed for check in rule(best)}["target_years"]
    assert passed == (not rule.foresee(prospect(sessions)))


@pytest.mark.parametrize("block", [1, 10, 33.3])
@pytest.mark.parametrize("shift", [-1, 0, 1])
def test_short_windows_are_foreseen_exactly_where_the_bootstrap_refuses(make_study, block, shift):
    sessions = int(np.ceil(5 * block)) + shift
    rule = BootstrapSharpe(block_sessions=block, **BOOTSTRAP)
    returns = np.random.default_rng(0).normal(0, 0.01, sessions)
    (check,) = Suite(checks={"b": rule}).judge(make_study(returns)).checks
    assert (check.value is None) == bool(rule.foresee(prospect(sessions))) == (shift < 0)


@pytest.mark.parametrize(
    ("gates", "baselines", "found"),
    [
        (["equal_weight"], ("equal_weight",), []),
        (["equal_weight"], (), [("validation.checks.p.gates", True)]),
        (["equal_weight"], ("momentum",), [("validation.checks.p.gates", True)]),
        (["a", "b"], ("c",), [("validation.checks.p.gates", True)] * 2),
        ([], (), []),
    ],
)
def test_a_gate_without_its_baseline(gates, baselines, found):
    rule = PairedBaselines(gates=gates, block_sessions=10, **BOOTSTRAP)
    fine = BootstrapSharpe(block_sessions=10, **BOOTSTRAP)
    assert keys({"p": rule, "fine": fine}, prospect(baselines=baselines)) == found


def test_pairs_that_inform_only_may_be_too_short_to_compare():
    """The baselines of a gate are compared over too few sessions; without a gate nothing is rejected."""
    fine = Targets(min_sharpe=0.0, max_drawdown_pct=100.0, min_years=1, min_year_share=0.0)
    for gates, found in ((["equal_weight"], [("validation.checks.p.block_sessions", False)]), ([], [])):
        rule = PairedBaselines(gates=gates, block_sessions=10, **BOOTSTRAP)
        assert keys({"p": rule, "fine": fine}, prospect(49)) == found


def test_policies_that_cannot_be_replayed():
    rule = PriceNoise(paths=3, noise=0.001, max_losing_share=0.05, seed=0)
    assert keys({"n": rule}, prospect()) == []
    assert keys({"n": rule}, prospect(no_replay="why")) == [("validation.checks.n.paths", True)]


def test_a_suite_without_a_gate_can_accept_nothing():
    class Informs:
        gate = False

        def __call__(self, study):
            return ()

    assert keys({"i": Informs()}, prospect()) == [("validation.checks", True)]
    assert keys({}, prospect()) == [("validation.checks", True)]


def test_a_users_own_rule_need_not_foresee():
    class Own:
        def __call__(self, study):
            return ()

    assert keys({"own": Own()}, prospect()) == []


@pytest.mark.parametrize("value", [None, 3, "targets", {"a": 1}])
def test_what_is_no_check_is_refused(value):
    with pytest.raises(ConfigError, match=r"validation\.checks\.mine: .* is no check"):
        Suite(checks={"mine": value})
