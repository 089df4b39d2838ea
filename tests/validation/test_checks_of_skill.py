"""Bootstrap and paired checks: size under the null, coverage, power, and what must not pass."""

import numpy as np
import pytest
from pydantic import ValidationError

from ploutos.validation.bootstrap_sharpe import BootstrapSharpe
from ploutos.validation.paired_baselines import PairedBaselines
from ploutos.validation.resample import bootstrap_sharpe

YEAR = 261.0


def single(**changed):
    return BootstrapSharpe(
        **{"resamples": 1000, "block_sessions": 5, "confidence": 0.95, "seed": 0} | changed
    )


def paired(**changed):
    keys = {"resamples": 1000, "block_sessions": 5, "confidence": 0.95, "seed": 0, "gates": ["equal_weight"]}
    return PairedBaselines(**keys | changed)


def accepted_share(returns, *, block, trials):
    """Return how often the lower 95 % bound of series drawn by `returns(rng)` exceeds 0."""
    rng = np.random.default_rng(11)
    lows = [
        np.quantile(
            bootstrap_sharpe(
                returns(rng)[None], resamples=300, block_sessions=block, sessions_per_year=YEAR, seed=seed
            ),
            0.05,
        )
        for seed in range(trials)
    ]
    return float(np.mean(np.array(lows) > 0))


def autocorrelated(rng, *, sessions=500, rho=0.3):
    shocks = rng.normal(0, 0.01, sessions + 50)
    out = np.zeros_like(shocks)
    for t in range(1, shocks.size):
        out[t] = rho * out[t - 1] + shocks[t]
    return out[50:]


@pytest.mark.parametrize(
    ("draw", "block"),
    [(lambda rng: rng.normal(0, 0.01, 500), 5), (autocorrelated, 15)],
    ids=["independent", "autocorrelated"],
)
def test_luck_passes_about_as_often_as_the_confidence_allows(draw, block):
    trials = 400
    share = accepted_share(draw, block=block, trials=trials)
    # Three binomial standard errors around 5 %, and two points for what blocks cost in a finite sample.
    slack = 3 * np.sqrt(0.05 * 0.95 / trials)
    assert 0.05 - slack < share < 0.05 + slack + 0.02


def test_independent_resampling_would_pass_autocorrelated_luck_too_often():
    assert accepted_share(autocorrelated, block=1, trials=200) > 0.09


def test_lower_bound_covers_the_true_sharpe_ratio():
    true, trials = 1.0, 200
    rng = np.random.default_rng(12)
    covered = 0
    for seed in range(trials):
        returns = rng.normal(true / np.sqrt(YEAR) * 0.01, 0.01, (1, 500))
        draws = bootstrap_sharpe(returns, resamples=300, block_sessions=3, sessions_per_year=YEAR, seed=seed)
        covered += np.quantile(draws, 0.05) <= true
    assert covered / trials == pytest.approx(0.95, abs=3 * np.sqrt(0.05 * 0.95 / trials) + 0.01)


def test_skill_passes_and_says_what_it_found(make_study):
    (check,) = single()(make_study(np.random.default_rng(0).normal(0.002, 0.01, 750)))
    assert check.passed and check.gate and check.threshold == 0.0
    assert check.evidence["lower"] == check.value < check.evidence["sharpe"] < check.evidence["upper"]
    assert "Sharpe" in check.summary


def test_cash_does_not_pass(make_study):
    (check,) = single()(make_study(np.zeros(500)))
    assert (check.passed, check.value) == (False, 0.0)


def test_beating_a_correlated_baseline_by_a_little_every_session_passes(make_study):
    market = np.random.default_rng(3).normal(0.0003, 0.012, 750)
    edge = np.random.default_rng(4).normal(0.0006, 0.002, 750)
    study = make_study(market + edge, baselines={"equal_weight": market, "random": -market})
    gate, other = paired()(study)
    assert (gate.name, gate.gate, gate.passed) == ("beats_equal_weight", True, True)
    assert (other.name, other.gate) == ("beats_random", False)
    # The common part cancels: the strategy alone is not proven, its lead is.
    (alone,) = single()(study)
    assert gate.value > alone.value - 1.0


def test_the_baseline_itself_does_not_beat_the_baseline(make_study):
    market = np.random.default_rng(3).normal(0.003, 0.01, 500)
    (check,) = paired()(make_study(market, baselines={"equal_weight": market}))
    assert (check.passed, check.value) == (False, 0.0)


def test_paired_size_under_equal_skill(make_study):
    rng, trials = np.random.default_rng(8), 200
    passes = 0
    for seed in range(trials):
        market = rng.normal(0.0005, 0.01, 400)
        ours, theirs = (market + rng.normal(0, 0.004, 400) for _ in range(2))
        study = make_study(ours, baselines={"equal_weight": theirs})
        passes += paired(resamples=300, seed=seed)(study)[0].passed
    slack = 3 * np.sqrt(0.05 * 0.95 / trials)
    assert 0.05 - slack < passes / trials < 0.05 + slack + 0.02


def test_a_gate_without_its_baseline_fails_and_names_the_nearest(make_study):
    study = make_study(np.full(500, 0.001), baselines={"equal_weight": np.zeros(500)})
    checks = paired(gates=["equal_wait"])(study)
    missing = checks[-1]
    assert (missing.name, missing.passed, missing.value, missing.gate) == (
        "beats_equal_wait",
        False,
        None,
        True,
    )
    assert "nearest: 'equal_weight'" in missing.summary
    assert not checks[0].gate


def test_a_baseline_over_other_sessions_fails_alone(make_study):
    returns = np.random.default_rng(0).normal(0.002, 0.01, 300)
    study = make_study(returns, baselines={"equal_weight": returns[:200], "random": -returns})
    short, full = paired()(study)
    assert short.value is None and short.gate and "200 sessions" in short.summary
    assert full.value is not None


@pytest.mark.parametrize("changed", [{"resamples": 10}, {"confidence": 1.0}, {"block_sessions": 0.5}])
def test_values_out_of_range_are_refused(changed):
    with pytest.raises(ValidationError):
        single(**changed)
    with pytest.raises(ValidationError):
        paired(**changed)
