"""Writes the flat observation of a batch of portfolios (see `Layout`)."""

import numpy as np
from numba import njit

from ploutos.execution.ledger import Float


@njit(cache=True)
def write_observation(
    out: np.ndarray,
    features: np.ndarray,
    member: np.ndarray,
    macro: np.ndarray,
    close: np.ndarray,
    scenario: np.ndarray,
    row: np.ndarray,
    cash: Float,
    shares: Float,
    entry: Float,
    equity: Float,
    peak: Float,
) -> None:
    """Fill `out` [B, D] float32 with what is known at the close of bar `row` [B].

    Non-members show zeros for their features; holdings always show their weight.
    """
    assets, width = features.shape[2], features.shape[3]
    columns = width + 3
    for b in range(out.shape[0]):
        p, t = scenario[b], row[b]
        for n in range(assets):
            at = n * columns
            if member[t, n]:
                for f in range(width):
                    out[b, at + f] = features[p, t, n, f]
                out[b, at + width] = 1.0
            else:
                for f in range(width + 1):
                    out[b, at + f] = 0.0
            if shares[b, n] > 0.0:
                price = close[p, t, n]
                out[b, at + width + 1] = shares[b, n] * price / equity[b]
                out[b, at + width + 2] = price / entry[b, n] - 1.0
            else:
                out[b, at + width + 1] = 0.0
                out[b, at + width + 2] = 0.0
        at = assets * columns
        # A portfolio that lost everything shows no cash and stays there.
        out[b, at] = cash[b] / equity[b] if equity[b] > 0.0 else 0.0
        out[b, at + 1] = 1.0 - equity[b] / peak[b]
        for m in range(macro.shape[1]):
            out[b, at + 2 + m] = macro[t, m]
