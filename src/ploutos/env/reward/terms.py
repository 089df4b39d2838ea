"""The terms that rewards are made of: pure functions of one bar, all [B]."""

from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field

from ploutos.env.reward.base import Bar, Float

RUIN = 1e-6  # a bar's equity ratio counts as no less than this and no more than 1 / this
VolatilityFloor = Annotated[float, Field(ge=1e-6, le=1, allow_inf_nan=False)]


class Moments(NamedTuple):
    """Exponential moments of a portfolio's returns per bar, [B] each.

    Attributes
    ----------
    mean : A of Moody & Saffell.
    variance : B - A^2 of theirs. Kept in place of B because the difference would be lost to rounding.
    """

    mean: Float
    variance: Float


def growth(bar: Bar) -> Float:
    """Return equity after / before the bar within [RUIN, 1 / RUIN]; 1 where there was no money."""
    before = bar.equity_t
    # Bounded first, so that the ratio cannot overflow.
    after = np.minimum(np.maximum(bar.equity_tp1, 0.0), before / RUIN)
    ratio = np.divide(after, before, out=np.ones_like(before), where=before > 0)
    return np.maximum(ratio, RUIN)


def log_growth(bar: Bar) -> Float:
    """Return the net log return ln(equity_tp1 / equity_t)."""
    return np.log(growth(bar))


def simple_return(bar: Bar) -> Float:
    """Return the net return equity_tp1 / equity_t - 1."""
    return growth(bar) - 1.0


def drawdown(bar: Bar) -> Float:
    """Return 1 - equity_tp1 / peak_tp1 within [0, 1]: a debt counts as having lost everything."""
    safe = np.divide(bar.equity_tp1, bar.peak_tp1, out=np.ones_like(bar.peak_tp1), where=bar.peak_tp1 > 0)
    return 1.0 - np.clip(safe, 0.0, 1.0)


def deeper(bar: Bar, deepest_t: Float) -> tuple[Float, Float]:
    """Return by how much the bar deepened the largest drawdown so far (>= 0), and the new largest."""
    deepest_tp1 = np.maximum(deepest_t, drawdown(bar))
    return deepest_tp1 - deepest_t, deepest_tp1


def differential_sharpe(r: Float, moments_tm1: Moments, *, credit_losing_record: bool) -> Float:
    """Return Moody & Saffell's differential Sharpe ratio of a return.

    With A, B the moments before the bar, dA = r - A and dB = r^2 - B, theirs is

        D = (B dA - A dB / 2) / (B - A^2)^(3/2)
          = (r - A (1 + z^2) / 2) / s   with s^2 = B - A^2 and z = (r - A) / s,

    the derivative of A / s by the adaptation rate, at 0. While A < 0 the term A (1 + z^2) / 2 is a payment:
    for idling, for losing less than before and, as z^2 grows, for a crash. Without `credit_losing_record` A
    counts there as at least 0, so that D <= r / s always.

    Parameters
    ----------
    r : net return of the bar.
    moments_tm1 : before the bar; variance > 0.

    References
    ----------
    Moody, J. & Saffell, M. (2001), Learning to trade via direct reinforcement, IEEE Transactions on Neural
    Networks 12(4), 875-889.
    """
    mean, variance = moments_tm1
    volatility = np.sqrt(variance)
    surprise = (r - mean) / volatility
    record = mean if credit_losing_record else np.maximum(mean, 0.0)
    return (r - record * (1.0 + surprise * surprise) / 2.0) / volatility


def next_moments(
    r: Float, moments_tm1: Moments, *, adaptation_rate: float, volatility_floor: float
) -> Moments:
    """Return the moments after a return: A and B move the share `adaptation_rate` of the way to r and r^2.

    The variance is (1 - rate) * (variance + rate * (r - A)^2), which is what B - A^2 becomes, and never below
    `volatility_floor`^2.
    """
    mean, variance = moments_tm1
    step = r - mean
    spread = (1.0 - adaptation_rate) * (variance + adaptation_rate * step * step)
    return Moments(mean + adaptation_rate * step, np.maximum(spread, volatility_floor**2))


def sharpe_step(
    bar: Bar,
    moments_tm1: Moments,
    *,
    adaptation_rate: float,
    volatility_floor: float,
    credit_losing_record: bool,
) -> tuple[Float, Moments]:
    """Return the differential Sharpe ratio of the bar and the next moments; 0 and the same without money."""
    r = simple_return(bar)
    alive = bar.equity_t > 0
    pay = differential_sharpe(r, moments_tm1, credit_losing_record=credit_losing_record)
    moved = next_moments(r, moments_tm1, adaptation_rate=adaptation_rate, volatility_floor=volatility_floor)
    kept = Moments(*(np.where(alive, new, old) for new, old in zip(moved, moments_tm1, strict=True)))
    return np.where(alive, pay, 0.0), kept
