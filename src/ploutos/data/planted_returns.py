"""Log returns of a planted market, and what was to be expected of them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ploutos.data.alpha.base import Planted, State
from ploutos.data.planted_filter import filtered, log_likelihood, transition_matrix
from ploutos.data.synthetic_random import FloatArray, Stream, generator
from ploutos.data.synthetic_regimes import regime_path


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What is constant of N assets and K states; per bar."""

    beta: FloatArray  # [N]
    idio_sd: FloatArray  # [N] of the idiosyncratic log return
    ic: float
    gap_share: float
    drift: FloatArray  # [K] of the market
    market_sd: FloatArray  # [K]
    direction: FloatArray  # [K]
    mean_sessions: FloatArray  # [K]

    @property
    def own_variance(self) -> FloatArray:
        """Variance of the idiosyncratic noise [N]."""
        return np.asarray((1.0 - self.ic**2) * self.idio_sd**2)

    def variance(self, state: int) -> FloatArray:
        """Variance of the noise of a log return [N]."""
        return np.asarray(self.beta**2 * self.market_sd[state] ** 2 + self.own_variance)

    def mean(self, state: int, score: FloatArray) -> FloatArray:
        """Log of the expected gross return of a bar, `beta drift + i c direction score` [T, N]."""
        alpha = self.ic * self.direction[state] * self.idio_sd * score
        return np.asarray(self.beta * self.drift[state] + alpha)


@dataclass(frozen=True, kw_only=True)
class Moves:
    """Log returns [T, N] and their truth.

    `gap` runs from the close before to the open, `body` from open to close; `idio` is the part of both that
    neither the market nor the correction v / 2 explains. `state` [T] governed the bar; `known` [T + 1, K] is
    the probability of each state of bar t given the bars before it; `expected` [T, N] that of the *next*
    bar's simple return given all bars so far.
    """

    gap: FloatArray
    body: FloatArray
    idio: FloatArray
    state: npt.NDArray[np.int8]
    known: FloatArray
    expected: FloatArray


def traits(
    states: Mapping[str, State],
    *,
    beta: FloatArray,
    idio_sd: FloatArray,
    ic: float,
    gap_share: float,
    year: float,
) -> Traits:
    """Return what `states` say, a bar at a time; `year` is the bars in one, `idio_sd` of a year."""
    values = list(states.values())
    return Traits(
        beta=beta,
        idio_sd=idio_sd / np.sqrt(year),
        ic=ic,
        gap_share=gap_share,
        drift=np.array([np.log1p(s.drift_annual) / year for s in values]),
        market_sd=np.array([s.vol_annual for s in values]) / np.sqrt(year),
        direction=np.array([s.direction for s in values]),
        mean_sessions=np.array([s.mean_sessions for s in values]),
    )


def draw_moves(
    seed: int, assets: Traits, states: Mapping[str, State], planted: Planted, session: npt.NDArray[np.int64]
) -> Moves:
    """Draw the returns of T bars; `session` [T + 1] is the number of each one's session and of the next's.

    A bar's log return is `b (mu + m z) + i (a c s + sqrt(1 - c^2) e) - v / 2` with z and e standard normal
    and `v = b^2 m^2 + i^2 (1 - c^2)`, so its expected simple return given the state is
    `exp(b mu + i a c s) - 1`. The noise lies in gap and body by variance, everything else in the body; the
    gap alone is expected to bring 0.
    """
    bars, count = len(session) - 1, len(assets.beta)
    state = regime_path(seed, int(session[-1]) + 1, list(states.values()))[session[:-1]]
    share = assets.gap_share
    market = generator(seed, Stream.MARKET).standard_normal((bars, 2)) * assets.market_sd[state][:, None]
    own_sd, score = np.sqrt(assets.own_variance), planted.score
    variance = np.stack([assets.variance(k) for k in range(len(states))])[state]
    idio_gap = np.sqrt(share) * own_sd * generator(seed, Stream.IDIO_GAP).standard_normal((bars, count))
    idio = np.sqrt(1 - share) * own_sd * generator(seed, Stream.IDIO_BODY).standard_normal((bars, count))
    idio += assets.ic * assets.direction[state][:, None] * assets.idio_sd * score[:bars]
    gap = np.sqrt(share) * np.outer(market[:, 0], assets.beta) + idio_gap - share * variance / 2
    body = np.outer(assets.drift[state] + np.sqrt(1 - share) * market[:, 1], assets.beta)
    body += idio - (1 - share) * variance / 2
    known = filter_states(assets, gap, body, score, session)
    expected = np.zeros((bars, count))
    for k in range(len(states)):
        expected += known[1:, k, None] * np.expm1(assets.mean(k, score[1 : bars + 1]))
    return Moves(gap=gap, body=body, idio=idio_gap + idio, state=state, known=known, expected=expected)


def filter_states(
    assets: Traits, gap: FloatArray, body: FloatArray, score: FloatArray, session: npt.NDArray[np.int64]
) -> FloatArray:
    """Return P(state of bar t | opens and closes of the bars before t) [T + 1, K].

    Nobody saw the close before bar 0, so its gap tells nothing.
    """
    bars, count = len(gap), len(assets.drift)
    if count == 1:
        return np.ones((bars + 1, 1))
    density = np.zeros((bars, count))
    for k in range(count):
        variance, market = assets.variance(k), assets.market_sd[k] ** 2
        mean = assets.mean(k, score[:bars])
        for share, move, expected in ((assets.gap_share, gap, 0.0), (1 - assets.gap_share, body, mean)):
            if share > 0:
                noise = move - expected + share * variance / 2
                part = log_likelihood(noise / np.sqrt(share), assets.beta, assets.own_variance, market)
                density[:, k] += np.where((np.arange(bars) > 0) | (move is body), part, 0.0)
    start = assets.mean_sessions / assets.mean_sessions.sum()
    return filtered(density, start, transition_matrix(assets.mean_sessions), np.diff(session) > 0)
