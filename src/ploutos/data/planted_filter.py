"""What the bars so far tell of the hidden state: the exact filter of a planted market."""

import numpy as np
import numpy.typing as npt

from ploutos.data.synthetic_random import FloatArray


def log_likelihood(
    surprise: FloatArray, beta: FloatArray, own_variance: FloatArray, market_variance: float
) -> FloatArray:
    """Return the log density [T] of normal `surprise` [T, N], up to a constant that no state changes.

    The covariance is `market_variance` beta beta' + diag(`own_variance`); its inverse and determinant are
    those of a diagonal matrix plus one of rank one (Sherman & Morrison 1950).
    """
    scaled = beta / own_variance
    projected = np.einsum("tn,n->t", surprise, scaled)
    spread = market_variance * float(np.sum(beta * scaled))
    squares = np.einsum("tn,n->t", surprise**2, 1.0 / own_variance)
    distance = squares - market_variance * projected**2 / (1.0 + spread)
    return np.asarray(-0.5 * (distance + np.log1p(spread)))


def filtered(
    log_density: FloatArray, start: FloatArray, transition: FloatArray, switches: npt.NDArray[np.bool_]
) -> FloatArray:
    """Return P(state of bar t | bars before t) [T + 1, K].

    Parameters
    ----------
    log_density : [T, K] of bar t under each state.
    start : [K] of bar 0; transition : [K, K] rows sum to 1.
    switches : [T] whether the state may change after bar t.

    References
    ----------
    Hamilton, A New Approach to the Economic Analysis of Nonstationary Time Series, Econometrica 57(2), 1989.
    """
    weights = np.exp(log_density - log_density.max(axis=1, keepdims=True))
    known = np.empty((len(weights) + 1, len(start)))
    now = known[0] = start
    for t, (weight, switch) in enumerate(zip(weights, switches, strict=True)):
        now = now * weight
        now = now / now.sum()
        if switch:
            now = now @ transition
        known[t + 1] = now
    return known


def transition_matrix(mean_sessions: FloatArray) -> FloatArray:
    """Return [K, K]: a state of mean duration d ends with probability 1 / d, all others equally likely."""
    count = len(mean_sessions)
    if count == 1:
        return np.ones((1, 1))
    leave = 1.0 / mean_sessions
    matrix = np.tile((leave / (count - 1))[:, None], (1, count))
    np.fill_diagonal(matrix, 1.0 - leave)
    return matrix
