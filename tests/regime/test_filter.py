"""The filter against the sum over all paths, and against hmmlearn where both know the same."""

import itertools

import numpy as np
from hmmlearn.hmm import GaussianHMM
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from ploutos.regime.filter import filtered


def random_model(rng, states, width):
    square = rng.normal(size=(states, width, width))
    return {
        "start": rng.dirichlet(np.ones(states)),
        "transition": rng.dirichlet(np.ones(states), size=states),
        "means": rng.normal(size=(states, width)),
        "covariances": square @ square.transpose(0, 2, 1) + 0.3 * np.eye(width),
    }


def by_all_paths(values, model):
    """P(last state | values) by enumeration of every path of states."""
    states = len(model["start"])
    total = np.zeros(states)
    for path in itertools.product(range(states), repeat=len(values)):
        weight = model["start"][path[0]]
        for e, k in enumerate(path):
            weight *= model["transition"][path[e - 1], k] if e else 1.0
            if not np.isnan(values[e]).any():
                weight *= multivariate_normal.pdf(values[e], model["means"][k], model["covariances"][k])
        total[path[-1]] += weight
    return total / total.sum()


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    states=st.integers(2, 4),
    width=st.integers(1, 3),
    rows=st.integers(1, 5),
    unknown=st.sets(st.integers(0, 4)),
)
def test_every_row_is_the_sum_over_all_paths_up_to_it(seed, states, width, rows, unknown):
    rng = np.random.default_rng(seed)
    model = random_model(rng, states, width)
    values = rng.normal(size=(rows, width))
    values[[row for row in unknown if row < rows]] = np.nan
    found = filtered(values, np.ones(rows, bool), **model)
    for e in range(rows):
        np.testing.assert_allclose(found[e], by_all_paths(values[: e + 1], model), rtol=1e-9, atol=1e-12)


def library_model(model):
    made = GaussianHMM(len(model["start"]), covariance_type="full", init_params="")
    made.startprob_, made.transmat_ = model["start"], model["transition"]
    made.means_, made.covars_ = model["means"], model["covariances"]
    return made


def test_it_agrees_with_hmmlearn_at_the_last_row_and_nowhere_before():
    """Trap 15: what hmmlearn calls posterior is smoothed; the last row has no future to smooth with."""
    rng = np.random.default_rng(0)
    model = random_model(rng, 3, 2)
    values = rng.normal(size=(300, 2)) * 2
    found = filtered(values, np.ones(300, bool), **model)
    smoothed = library_model(model).predict_proba(values)
    np.testing.assert_allclose(found[-1], smoothed[-1], rtol=1e-9)
    for rows in (1, 2, 57, 200):
        last = library_model(model).predict_proba(values[:rows])[-1]
        np.testing.assert_allclose(found[rows - 1], last, rtol=1e-8, atol=1e-13)
    assert (abs(found[:-1] - smoothed[:-1]).max(axis=1) > 1e-6).mean() > 0.9


def test_a_look_inside_a_session_leaves_no_trace():
    rng = np.random.default_rng(1)
    model = random_model(rng, 3, 2)
    values = rng.normal(size=(40, 2))
    final = rng.random(40) > 0.4
    found = filtered(values, final, **model)
    plain = filtered(values[final], np.ones(final.sum(), bool), **model)
    assert found[final].tobytes() == plain.tobytes()
    for e in np.flatnonzero(~final):
        before = values[:e][final[:e]]
        alone = filtered(np.vstack([before, values[e]]), np.ones(len(before) + 1, bool), **model)
        assert found[e].tobytes() == alone[-1].tobytes()


def test_states_that_cannot_be_and_far_away_values_stay_numbers():
    model = {
        "start": np.array([1.0, 0.0, 0.0]),
        "transition": np.array([[0.5, 0.5, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        "means": np.array([[0.0], [1.0], [2.0]]),
        "covariances": np.full((3, 1, 1), 1e-4),
    }
    found = filtered(np.array([[0.0], [2.0], [1e6], [-1e6]]), np.ones(4, bool), **model)
    assert np.isfinite(found).all() and (found[:, 2] == 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
