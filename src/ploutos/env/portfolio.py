"""The environment as configured: action, observation, reward, costs and episode."""

from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from ploutos.env.action.base import ActionSpace
from ploutos.env.layout import Layout
from ploutos.env.market import Market
from ploutos.env.simulator import Simulator
from ploutos.execution.costs.model import CostModel
from ploutos.execution.ledger import Ledger
from ploutos.types import ConfigError, PositiveFloat, PositiveInt, checked


class Portfolio:
    """Builds simulators and training environments that all share one definition.

    Parameters
    ----------
    num_envs : portfolios stepped together in training.
    episode_bars : decisions in one training episode.
    initial_capital : currency.
    """

    @checked
    def __init__(
        self,
        *,
        num_envs: PositiveInt,
        episode_bars: Annotated[int, Field(ge=2)],
        initial_capital: PositiveFloat,
        action: Any,
        observation: Any,
        reward: Any,
        costs: Any,
    ) -> None:
        self.num_envs = num_envs
        self.episode_bars = episode_bars
        self.initial_capital = initial_capital
        self.action: ActionSpace = action
        self.observation = observation
        self.reward = reward
        self.costs: CostModel = costs

    def layout(self, market: Market) -> Layout:
        """Return the layout of observations on `market`."""
        layout: Layout = self.observation.layout(market)
        return layout

    def simulator(
        self,
        market: Market,
        *,
        ledger: Ledger,
        scenario: npt.NDArray[np.int64],
        row: npt.NDArray[np.int64],
    ) -> Simulator:
        """Return a simulator of `ledger`'s portfolios, each at its `scenario` and `row` [B]."""
        return Simulator(
            market=market,
            layout=self.layout(market),
            costs=self.costs,
            ledger=ledger,
            scenario=scenario,
            row=row,
        )

    def vec_env(self, market: Market, rows: slice, seed: int) -> Any:
        """Return the training environment (`TradingVecEnv`) on the window `rows`."""
        from ploutos.env.vec_env import TradingVecEnv  # Stable-Baselines3 takes seconds to import

        self.require_room(rows)
        batch = self.num_envs
        return TradingVecEnv(
            simulator=self.simulator(
                market,
                ledger=Ledger.open(batch, len(market.tickers), self.initial_capital),
                scenario=np.zeros(batch, np.int64),
                row=np.full(batch, rows.start),
            ),
            action=self.action,
            reward=self.reward,
            rows=rows,
            episode_bars=self.episode_bars,
            initial_capital=self.initial_capital,
            seed=seed,
        )

    def require_room(self, rows: slice) -> None:
        """Refuse a training window that is shorter than one episode."""
        bars = rows.stop - rows.start
        if bars < self.episode_bars + 1:
            raise ConfigError(
                f"env.episode_bars: {self.episode_bars} does not fit the training window of {bars} bars"
                f" (at most {max(bars - 1, 0)})"
            )
