"""Takes out of rewards what the whole market did, which no decision could change."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.env.market import Market

FAR = 0.2  # a name counts with this log return at most: raw closes jump where a share is split
Floats = npt.NDArray[np.float64]


class MarketBaseline:
    """The move of the market in the bar that each portfolio is about to play, and rewards less its part.

    A portfolio's reward is mostly the market's move, which is noise to the gradient of the policy. What does
    not depend on actions may be subtracted from every reward without changing which policy is best (an
    input-dependent baseline). It reads prices one bar ahead of the decision, in the training window, for the
    update alone: no policy sees it.

    References
    ----------
    Mao et al., Variance Reduction for Reinforcement Learning in Input-Driven Environments, 2019,
    arXiv:1807.02264.
    """

    def __init__(self, simulator: Any) -> None:
        self.simulator = simulator
        self.moves = market_moves(simulator.market)

    def now(self) -> Floats:
        """Return the move [B] from the bar at which each portfolio stands to the next."""
        moves: Floats = self.moves[self.simulator.scenario, self.simulator.row]
        return moves


def market_moves(market: Market) -> Floats:
    """Return the mean log return [P, T] of row t's members from its close to the next, 0 at the last row."""
    close = market.close
    with np.errstate(invalid="ignore", divide="ignore"):
        returns = np.clip(np.log(close[:, 1:] / close[:, :-1]), -FAR, FAR)
    counted = market.member[:-1] & np.isfinite(returns)
    total = np.where(counted, returns, 0.0).sum(axis=2)
    moves = np.zeros(close.shape[:2])
    moves[:, :-1] = total / np.maximum(counted.sum(axis=2), 1)
    return moves


def less_the_market(rewards: npt.NDArray[np.float32], moves: Floats) -> npt.NDArray[np.float32]:
    """Return rewards [T, B] less their regression on the centred `moves` [T, B]; their mean stays."""
    centred = moves - moves.mean()
    variance = float((centred**2).sum())
    if variance == 0.0:
        return rewards
    slope = float((centred * rewards).sum()) / variance
    left: npt.NDArray[np.float32] = (rewards - slope * centred).astype(np.float32)
    return left
