"""Bars from log returns: open, high, low, close and volume."""

import numpy as np
import numpy.typing as npt

from ploutos.data.synthetic_random import FloatArray
from ploutos.data.synthetic_settings import Volume


def open_close(initial: FloatArray, gap: FloatArray, body: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return log open and log close [T, N].

    Parameters
    ----------
    initial : price before the first bar [N].
    gap : log return from the close before to the open [T, N].
    body : log return from the open to the close [T, N].
    """
    log_close = np.cumsum(gap + body, axis=0)
    log_close += np.log(initial)
    return log_close - body, log_close


def bridge_range(
    rng: np.random.Generator, log_open: FloatArray, log_close: FloatArray, sd: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Draw log high and log low [T, N] of a Brownian bridge from open to close.

    The maximum of a bridge of variance `sd^2` from a to b is `(a + b + sqrt((b - a)^2 - 2 sd^2 ln U)) / 2`
    with U uniform; the minimum mirrors it with another draw.

    References
    ----------
    Glasserman, Monte Carlo Methods in Financial Engineering, 2003, section 6.4.
    """
    middle = (log_open + log_close) / 2
    move = (log_close - log_open) ** 2

    def reach(draws: np.random.Generator) -> FloatArray:
        uniform = 1 - draws.random(move.shape)
        return np.asarray(np.sqrt(move - 2 * sd**2 * np.log(uniform)) / 2)

    up, down = rng.spawn(2)
    high = np.maximum(middle + reach(up), np.maximum(log_open, log_close))
    low = np.minimum(middle - reach(down), np.minimum(log_open, log_close))
    return high, low


def traded_volume(
    rng: np.random.Generator,
    initial: FloatArray,
    surprise: FloatArray,
    bar_of_session: npt.NDArray[np.int64],
    settings: Volume,
) -> FloatArray:
    """Draw volume [T, N] in whole shares, at least one.

    Log volume is normal around the asset's own level plus a U-shape over the session (`u_shape` times the
    squared distance from the session's middle, 1 at its ends) plus `return_response` times |return|.

    Parameters
    ----------
    surprise : |log return| in standard deviations of its bar [T, N].
    bar_of_session : 0 for the first bar of a session [T].
    """
    assets = surprise.shape[1]
    base = settings.dollar_median * np.exp(settings.dollar_log_sd * rng.standard_normal(assets)) / initial
    last = max(int(bar_of_session.max()), 1)
    position = 2 * bar_of_session / last - 1 if bar_of_session.max() else np.zeros(len(bar_of_session))
    log_volume = settings.log_sd * rng.standard_normal(surprise.shape)
    log_volume += settings.return_response * np.minimum(surprise, 10.0)
    log_volume += (settings.u_shape * position**2)[:, None]
    return np.asarray(np.maximum(np.rint(base * np.exp(log_volume)), 1.0))
