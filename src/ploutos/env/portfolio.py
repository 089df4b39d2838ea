"""The environment as configured: action, observation, reward, execution and episode."""

from typing import Annotated, Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from pydantic import Field

from ploutos.env.action.base import ActionSpace
from ploutos.env.episode_batch import EpisodeBatch
from ploutos.env.layout import Layout
from ploutos.env.market import Market
from ploutos.env.reward.base import Reward
from ploutos.env.simulator import Simulator
from ploutos.execution.account.model import Account
from ploutos.execution.costs.model import CostModel
from ploutos.execution.fill.model import Fill
from ploutos.execution.ledger import Ledger
from ploutos.execution.roster import Roster
from ploutos.execution.stops.model import Stops
from ploutos.execution.venue import Venue
from ploutos.types import ConfigError, PositiveFloat, PositiveInt, checked


class Portfolio:
    """Builds simulators and training environments that all share one definition.

    Parameters
    ----------
    num_envs : portfolios stepped together in training.
    threads : that step them; results do not depend on it.
    episode_bars : decisions in one training episode.
    initial_capital : currency.
    """

    @checked
    def __init__(
        self,
        *,
        num_envs: PositiveInt,
        threads: PositiveInt,
        episode_bars: Annotated[int, Field(ge=2)],
        initial_capital: PositiveFloat,
        action: Any,
        observation: Any,
        reward: Any,
        account: Any,
        costs: Any,
        fill: Any,
        stops: Any,
    ) -> None:
        self.num_envs = num_envs
        self.threads = threads
        self.episode_bars = episode_bars
        self.initial_capital = initial_capital
        self.action: ActionSpace = action
        self.observation = observation
        self.reward: Reward = reward
        self.account: Account = account
        self.costs: CostModel = costs
        self.fill: Fill = fill
        self.stops: Stops = stops
        self._venues: WeakKeyDictionary[Roster, Venue] = WeakKeyDictionary()
        if self.action.allow_short and not self.account.rules.allow_short:
            raise ConfigError(
                "env.action.allow_short: true, but the account sells nothing short;"
                " use execution/account=margin with allow_short: true"
            )

    @property
    def warmup_bars(self) -> int:
        """Bars of a name's own past that its costs depend on."""
        return self.costs.window_bars + 1 if self.costs.window_bars else 0

    def layout(self, market: Market) -> Layout:
        """Return the layout of observations on `market`."""
        layout: Layout = self.observation.layout(market)
        return layout

    def venue(self, market: Market) -> Venue:
        """Return where orders on `market` are executed; made once for all markets of the same prices."""
        known = self._venues.get(market.roster)
        if known is None or known.tape is not market.tape:
            known = self._venues[market.roster] = Venue.of(
                market.roster,
                market.tape,
                account=self.account,
                costs=self.costs,
                fill=self.fill,
                stops=self.stops,
            )
        return known

    def simulator(
        self,
        market: Market,
        *,
        ledger: Ledger,
        scenario: npt.NDArray[np.int64],
        row: npt.NDArray[np.int64],
        threads: int = 1,
        detailed: bool = False,
    ) -> Simulator:
        """Return a simulator of `ledger`'s portfolios, each at its `scenario` and `row` [B]."""
        return Simulator(
            market=market,
            venue=self.venue(market),
            layout=self.layout(market),
            ledger=ledger,
            scenario=scenario,
            row=row,
            threads=threads,
            detailed=detailed,
        )

    def vec_env(self, market: Market, rows: slice, seed: int) -> Any:
        """Return the training environment (`TradingVecEnv`) on the window `rows`."""
        from ploutos.env.vec_env import TradingVecEnv  # Stable-Baselines3 takes seconds to import

        self.require_room(rows)
        batch = self.episode_batch(
            market,
            rows=rows,
            bars=self.episode_bars,
            capital=self.initial_capital,
            batch=self.num_envs,
            threads=self.threads,
        )
        return TradingVecEnv(batch, seed=seed)

    def episode_batch(
        self, market: Market, *, rows: slice, bars: int, capital: float, batch: int, threads: int = 1
    ) -> EpisodeBatch:
        """Return `batch` portfolios that play episodes of `bars` decisions on the window `rows`."""
        return EpisodeBatch(
            simulator=self.simulator(
                market,
                ledger=Ledger.open(batch, market.assets, capital),
                scenario=np.zeros(batch, np.int64),
                row=np.full(batch, rows.start),
                threads=threads,
            ),
            action=self.action,
            reward=self.reward,
            rows=rows,
            bars=bars,
            capital=capital,
        )

    def require_room(self, rows: slice) -> None:
        """Refuse a training window that is shorter than one episode."""
        bars = rows.stop - rows.start
        if bars < self.episode_bars + 1:
            raise ConfigError(
                f"env.episode_bars: {self.episode_bars} does not fit the training window of {bars} bars"
                f" (at most {max(bars - 1, 0)})"
            )
