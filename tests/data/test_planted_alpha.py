"""What the planted truth says is what the returns do; the hidden state's filter is Bayes' formula."""

from itertools import pairwise, product

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from ploutos.data.alpha.regime import Regime
from ploutos.data.planted_filter import filtered, log_likelihood, transition_matrix

STRONG = {"n_bars": 20_000, "n_assets": 10, "seed": 3}
SHORT = {"n_bars": 9, "n_assets": 3, "bars_per_session": 2, "gap_share": 0.3}
THREE = {
    "a": {"drift_annual": 0.9, "vol_annual": 0.4, "mean_sessions": 2.0, "direction": 1.0},
    "b": {"drift_annual": -0.5, "vol_annual": 0.2, "mean_sessions": 3.0, "direction": -1.0},
    "c": {"drift_annual": 0.1, "vol_annual": 0.9, "mean_sessions": 1.5, "direction": 0.3},
}


def next_return(path):
    return np.expm1(path.moves.gap + path.moves.body)[1:]


@pytest.mark.parametrize("kind", ["linear", "interaction", "memory", "regime", "crowded"])
def test_returns_follow_the_truth_one_for_one(planted, kind):
    path = planted(kind, alpha={"ic": 0.2}, **STRONG).simulate()
    # Bars share the market's noise: a slope a bar, then the mean of the slopes and its error.
    truth, earned = path.moves.expected[:-1], next_return(path)
    centred = truth - truth.mean(axis=1, keepdims=True)
    slope = (centred * earned).sum(axis=1).sum() / (centred**2).sum()
    error = (centred * (earned - slope * truth)).sum(axis=1).std() * np.sqrt(len(truth)) / (centred**2).sum()
    assert error < 0.02
    assert slope == pytest.approx(1.0, abs=4 * error)


@pytest.mark.parametrize("kind", ["linear", "regime"])
def test_nothing_seen_explains_what_the_truth_leaves(planted, kind):
    path = planted(kind, alpha={"ic": 0.2}, **STRONG).simulate()
    rest = next_return(path) - path.moves.expected[:-1]
    signal, last = path.signals["signal"][:-1], (path.moves.gap + path.moves.body)[:-1]
    agreement = np.zeros_like(signal)
    agreement[1:] = signal[1:] * (signal[:-1] * last[1:]).mean(axis=1, keepdims=True)
    recent = np.zeros_like(signal)
    recent[12:] = (
        signal[12:] * np.stack([(last[k : len(last) - 12 + k] ** 2) for k in range(12)]).mean((0, 2))[:, None]
    )
    for seen in (np.ones_like(signal), signal, last, agreement, recent):
        products = (seen * rest).mean(axis=1)
        assert abs(products.mean()) < 4 * products.std() / np.sqrt(len(products))


@pytest.mark.parametrize("ic", [0.05, 0.3])
def test_the_score_has_its_correlation_and_scale(planted, ic):
    for kind in ("linear", "interaction", "memory"):
        path = planted(kind, alpha={"ic": ic}, **STRONG).simulate()
        score, idio = path.score[:-1].ravel(), (path.moves.idio / path.traits.idio_sd)[1:].ravel()
        assert np.corrcoef(score, idio)[0, 1] == pytest.approx(ic, abs=0.01)
        assert score.std() == pytest.approx(1.0, abs=0.03)
        assert idio.std() == pytest.approx(1.0, abs=0.02)


def test_neither_feature_of_the_interaction_predicts_alone(planted):
    path = planted("interaction", alpha={"ic": 0.3}, **STRONG).simulate()
    idio = (path.moves.idio / path.traits.idio_sd)[1:]
    a, b = (path.signals[name][:-1] for name in ("signal_a", "signal_b"))
    for alone in (a, b, a**2, b**2):
        assert np.corrcoef(alone.ravel(), idio.ravel())[0, 1] == pytest.approx(0.0, abs=0.02)
    assert np.corrcoef((a * b).ravel(), idio.ravel())[0, 1] == pytest.approx(0.3, abs=0.02)


def test_memory_pays_what_was_shown_twenty_bars_ago(planted):
    path = planted("memory", alpha={"ic": 0.3}, **STRONG).simulate()
    signal, idio = path.signals["signal"], path.moves.idio / path.traits.idio_sd
    np.testing.assert_array_equal(path.score[20:], signal[:-20])
    assert not path.score[:20].any()
    by_lag = [np.corrcoef(signal[:15_000].ravel(), idio[k : 15_000 + k].ravel())[0, 1] for k in range(1, 41)]
    assert int(np.argmax(by_lag)) + 1 == 21
    today = 2.0 ** (-20 / planted("memory").alpha.half_life_bars)
    assert by_lag[0] == pytest.approx(0.3 * today, abs=0.02) and today < 0.15


def test_without_alpha_the_noise_is_the_same_and_the_signal_predicts_nothing(planted):
    nothing, linear = (planted(kind, **STRONG).simulate() for kind in ("none", "linear"))
    np.testing.assert_array_equal(nothing.signals["signal"], linear.signals["signal"])
    np.testing.assert_allclose(nothing.moves.gap, linear.moves.gap, rtol=0.01, atol=1e-5)
    idio = (nothing.moves.idio / nothing.traits.idio_sd)[1:]
    assert abs(np.corrcoef(nothing.signals["signal"][:-1].ravel(), idio.ravel())[0, 1]) < 0.01
    assert np.ptp(nothing.moves.expected, axis=0).max() == 0.0


def test_the_filter_is_the_sum_over_all_paths_of_states(planted):
    """Enumerate every path of three states over five sessions; the market is seen from its first open on."""
    source = planted("linear", **SHORT)
    source.alpha = Regime(ic=0.3, half_life_bars=4.0, states=THREE)
    path = source.simulate()
    traits, moves = path.traits, path.moves
    count, bars, share = 3, len(path.ts), source.gap_share
    score = np.vstack([_first_score(source), path.score[:-1]])
    session = np.arange(bars) // 2
    matrix = transition_matrix(traits.mean_sessions)

    def density(t, k):
        cov = traits.market_sd[k] ** 2 * np.outer(traits.beta, traits.beta) + np.diag(traits.own_variance)
        half = np.diag(cov) / 2
        mean = traits.mean(k, score[t]) - (1 - share) * half
        p = multivariate_normal(mean, (1 - share) * cov).pdf(moves.body[t])
        return p if t == 0 else p * multivariate_normal(-share * half, share * cov).pdf(moves.gap[t])

    for end in range(1, bars):
        sessions = session[end]
        total = np.zeros(count)
        for states in product(range(count), repeat=int(sessions) + 1):
            weight = traits.mean_sessions[states[0]] / traits.mean_sessions.sum()
            weight *= np.prod([matrix[a, b] for a, b in pairwise(states)])
            weight *= np.prod([density(t, states[session[t]]) for t in range(end)])
            total[states[-1]] += weight
        np.testing.assert_allclose(moves.known[end], total / total.sum(), rtol=1e-9)
        expected = sum(
            moves.known[end, k] * np.expm1(traits.mean(k, path.score[end - 1])) for k in range(count)
        )
        np.testing.assert_allclose(moves.expected[end - 1], expected, rtol=1e-12)


def _first_score(source):
    from ploutos.data.synthetic_random import Stream, generator

    rng = generator(source.seed, Stream.SIGNAL)
    return source.alpha.draw(rng, source.n_bars + 1, source.n_assets).score[0]


def test_the_filtered_probability_is_a_frequency(planted):
    path = planted("regime", n_bars=60_000, n_assets=3, seed=5).simulate()
    known, state = path.moves.known[:-1, 1], path.moves.state
    for low, high in ((0.02, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 0.98)):
        inside = (known >= low) & (known < high)
        assert inside.sum() > 300
        assert state[inside].mean() == pytest.approx(known[inside].mean(), abs=0.08)


def test_the_density_is_that_of_the_whole_covariance():
    rng = np.random.default_rng(0)
    x, beta, own = rng.normal(size=(6, 4)), rng.normal(1, 0.3, 4), rng.uniform(0.5, 2, 4)
    exact = [
        multivariate_normal(np.zeros(4), m * np.outer(beta, beta) + np.diag(own)).logpdf(x)
        - log_likelihood(x, beta, own, m)
        for m in (0.3, 2.0)
    ]
    # One constant for all states and bars.
    np.testing.assert_allclose(exact[0], exact[1][0], rtol=1e-12)
    np.testing.assert_allclose(exact[1], exact[1][0], rtol=1e-12)


def test_a_state_moves_only_where_it_may():
    start, matrix = np.array([0.7, 0.3]), np.array([[0.9, 0.1], [0.5, 0.5]])
    known = filtered(np.zeros((3, 2)), start, matrix, np.array([False, True, False]))
    np.testing.assert_allclose(known, [start, start, start @ matrix, start @ matrix])
