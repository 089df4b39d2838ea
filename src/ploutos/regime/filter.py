"""The forward filter of a Gaussian hidden Markov model: what is known of the state at a time, and no later.

hmmlearn's `predict` and `predict_proba` condition on the whole sequence, the future of each row included.

References
----------
Hamilton, A New Approach to the Economic Analysis of Nonstationary Time Series and the Business Cycle,
Econometrica 57(2), 1989. Rabiner, A Tutorial on Hidden Markov Models, Proceedings of the IEEE 77(2), 1989.
"""

import math

import numpy as np
import numpy.typing as npt

from ploutos.hardware.compiled import kernel, part

Floats = npt.NDArray[np.float64]


def filtered(
    values: Floats,
    final: npt.NDArray[np.bool_],
    *,
    start: Floats,
    transition: Floats,
    means: Floats,
    covariances: Floats,
) -> Floats:
    """Return P(state at e | values up to e), [E, K].

    With a_e(k) = P(state k at e, values up to e):
    a_e(k) = N(x_e; mean_k, covariance_k) x sum over j of a_(e-1)(j) transition(j, k), in logarithms,
    normalised at each row.

    Parameters
    ----------
    values : [E, D]; a row with NaN tells nothing of the state.
    final : [E] a row that is not final is a look at the observation that the next final row completes: the
        rows after it start from the final row before it.
    start : [K] distribution of the state at the first observation.
    transition : [K, K] from row to column; means : [K, D]; covariances : [K, D, D].

    Row e depends on rows up to e alone, to the last bit.
    """
    factor = np.linalg.cholesky(covariances)
    width = values.shape[1]
    spread = np.array([sum(math.log(f[d, d]) for d in range(width)) for f in factor])
    constant = -0.5 * width * math.log(2.0 * math.pi) - spread
    with np.errstate(divide="ignore"):
        log_start, log_transition = np.log(start), np.log(transition)
    states = len(start)
    out = np.empty((len(values), states))
    _forward(
        np.ascontiguousarray(values),
        np.ascontiguousarray(final),
        np.ascontiguousarray(log_start),
        np.ascontiguousarray(log_transition),
        np.ascontiguousarray(means),
        np.ascontiguousarray(factor),
        constant,
        np.empty((3, states)),
        np.empty(width),
        out,
    )
    return out


@kernel
def _forward(
    values: Floats,
    final: npt.NDArray[np.bool_],
    log_start: Floats,
    log_transition: Floats,
    means: Floats,
    factor: Floats,
    constant: Floats,
    room: Floats,
    solved: Floats,
    out: Floats,
) -> None:
    before, here, terms = room[0], room[1], room[2]
    states = len(log_start)
    begun = False
    for e in range(len(values)):
        for k in range(states):
            prior = log_start[k]
            if begun:
                for j in range(states):
                    terms[j] = before[j] + log_transition[j, k]
                prior = _log_sum(terms)
            here[k] = prior + _log_density(values, e, means, factor, k, constant[k], solved)
        total = _log_sum(here)
        for k in range(states):
            here[k] -= total
            out[e, k] = np.exp(here[k])
        if final[e]:
            begun = True
            for k in range(states):
                before[k] = here[k]


@part
def _log_sum(x: Floats) -> float:
    """Return log(sum(exp(x))) without overflow."""
    top: float = x[0]
    for k in range(1, len(x)):
        top = max(top, x[k])
    if np.isinf(top):
        return top
    total = 0.0
    for k in range(len(x)):
        total += np.exp(x[k] - top)
    log_sum: float = top + np.log(total)
    return log_sum


@part
def _log_density(
    values: Floats, e: int, means: Floats, factor: Floats, k: int, constant: float, solved: Floats
) -> float:
    """Return the log density of row e in state k, whose covariance has the Cholesky factor `factor[k]`."""
    distance: float = 0.0
    for i in range(values.shape[1]):
        rest = values[e, i] - means[k, i]
        for j in range(i):
            rest -= factor[k, i, j] * solved[j]
        solved[i] = rest / factor[k, i, i]
        distance += solved[i] * solved[i]
    if np.isnan(distance):
        return 0.0
    density: float = constant - 0.5 * distance
    return density
