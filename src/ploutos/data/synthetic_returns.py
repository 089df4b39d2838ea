"""Log returns of the synthetic market: market and style factors, planted alpha, idiosyncratic noise."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ploutos.data.synthetic_random import FloatArray, Stream, fat_noise, generator
from ploutos.data.synthetic_settings import Noise, Risk


@dataclass(frozen=True, kw_only=True)
class Assets:
    """What is constant in time of N assets; volatilities are per bar."""

    beta: FloatArray  # [N] to the market
    loadings: FloatArray  # [N, K] to the style factors
    idio_sd: FloatArray  # [N] of the idiosyncratic log return
    factor_sd: float  # of one style factor
    price: FloatArray  # [N] before the first bar


def draw_assets(
    seed: int, count: int, risk: Risk, *, price_low: float, price_high: float, bars_per_year: float
) -> Assets:
    """Draw betas, loadings, idiosyncratic volatilities and starting prices (log-uniform)."""
    rng = generator(seed, Stream.ASSETS)
    root = np.sqrt(bars_per_year)
    return Assets(
        price=np.exp(rng.uniform(np.log(price_low), np.log(price_high), count)),
        idio_sd=rng.uniform(risk.idio_vol_annual_low, risk.idio_vol_annual_high, count) / root,
        beta=1 + risk.market_beta_sd * rng.standard_normal(count),
        loadings=rng.standard_normal((count, risk.factor_count)),
        factor_sd=risk.factor_vol_annual / root,
    )


@dataclass(frozen=True, kw_only=True)
class Returns:
    """Log returns [T, N] of each bar: `gap` from the close before to the open, `body` from open to close.

    `idio` is the idiosyncratic part of gap + body; `variance` the conditional variance of gap + body, of
    which the share `gap_share` [T] falls into the gap; `expected` [T, N] the conditional expected simple
    return of the *next* bar.
    """

    gap: FloatArray
    body: FloatArray
    idio: FloatArray
    variance: FloatArray
    gap_share: FloatArray
    expected: FloatArray


def draw_returns(
    seed: int,
    assets: Assets,
    noise: Noise,
    *,
    signal: FloatArray,
    drift: FloatArray,
    market_sd: FloatArray,
    first_of_session: npt.NDArray[np.bool_],
    information_coefficient: float,
    bars_per_year: float,
) -> Returns:
    """Draw the returns of T bars from the state before each bar.

    With beta b, market volatility m, loadings L, factor volatility f, idiosyncratic volatility i, signal s
    and information coefficient c, all known before the bar, the log return of a bar is
    `b (drift + m z) + L f y + i (c s + sqrt(1 - c^2) e) - v / 2` with independent z, y, e of zero mean and
    unit variance and `v = b^2 m^2 + sum(L^2) f^2 + i^2 (1 - c^2)`. The last term turns log into simple
    returns: to second order in the noise the expected simple return is `exp(b drift + i c s) - 1`.

    Noise splits into gap and body by variance; drift and alpha lie in the body alone.

    Parameters
    ----------
    signal : [T + 1, N]; row t is known before bar t, the last row after the last bar.
    drift, market_sd : expected return and volatility per bar of the market, [T + 1], rows as `signal`.
    first_of_session : [T]; these bars have the overnight gap.
    """
    bars, count = len(first_of_session), len(assets.beta)
    ic = information_coefficient
    share = np.where(first_of_session, noise.overnight_share, noise.gap_share)
    own = np.sqrt(1 - ic**2) * assets.idio_sd

    def draw(stream: Stream, jumps_per_year: float, shape: tuple[int, int]) -> FloatArray:
        return fat_noise(
            generator(seed, stream),
            shape,
            tail_dof=noise.tail_dof,
            jump_probability=min(jumps_per_year / bars_per_year, 1.0),
            jump_scale=noise.jump_scale,
        )

    market = draw(Stream.MARKET, noise.market_jumps_per_year, (bars, 2)) * market_sd[:bars, None]
    styles = draw(Stream.FACTORS, noise.market_jumps_per_year, (bars, 2 * assets.loadings.shape[1]))
    style_gap, style_body = np.split(styles * assets.factor_sd, 2, axis=1)

    def common(market_part: FloatArray, style_part: FloatArray) -> FloatArray:
        # Not a matrix product: that may round differently with another number of bars or threads.
        style: FloatArray = np.einsum("tk,nk->tn", style_part, assets.loadings)
        return np.asarray(np.outer(market_part, assets.beta) + style)

    gap_weight, body_weight = np.sqrt(share)[:, None], np.sqrt(1 - share)[:, None]
    idio_gap = gap_weight * own * draw(Stream.IDIO_GAP, noise.jumps_per_year, (bars, count))
    idio_body = body_weight * own * draw(Stream.IDIO_BODY, noise.jumps_per_year, (bars, count))
    idio_body += ic * assets.idio_sd * signal[:bars]
    variance = (
        np.outer(market_sd[:bars] ** 2, assets.beta**2)
        + (assets.factor_sd**2 * (assets.loadings**2).sum(axis=1))
        + own**2
    )
    gap = gap_weight * common(market[:, 0], style_gap)
    gap += idio_gap - share[:, None] * variance / 2
    body = body_weight * common(market[:, 1], style_body)
    body += np.outer(drift[:bars], assets.beta) + idio_body - (1 - share)[:, None] * variance / 2
    expected = np.expm1(np.outer(drift[1:], assets.beta) + ic * assets.idio_sd * signal[1:])
    return Returns(
        gap=gap, body=body, idio=idio_gap + idio_body, variance=variance, gap_share=share, expected=expected
    )
