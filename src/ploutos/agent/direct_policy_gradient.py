"""Recurrent reinforcement learning: gradients of a utility flow through the ledger."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from ploutos.agent.gradient.settings import DecisionSettings
from ploutos.agent.training.training_run import TrainingRun
from ploutos.env.market import Market
from ploutos.env.portfolio import Portfolio
from ploutos.features.scaler import RobustScaler
from ploutos.types import (
    ConfigError,
    NonNegativeFloat,
    Policy,
    PositiveFloat,
    PositiveInt,
    Probability,
    checked,
)
from ploutos.types.checkpoints import Checkpoints, State
from ploutos.types.monitor import Monitor

if TYPE_CHECKING:
    from ploutos.agent.gradient.learner import Learner
    from ploutos.agent.gradient.weight_actor import WeightActor
    from ploutos.agent.network.base import Network
    from ploutos.agent.schedule.base import Schedule
    from ploutos.agent.stopping.base import Stopping
    from ploutos.agent.utility.base import Utility


class DirectPolicyGradient:
    """Maximises a utility of net returns over windows of bars, by back-propagation through the Torch market.

    Formulas: docs/direct_policy_gradient.md. Settings are explained beside their values in
    `conf/agent/direct_policy_gradient.yaml`.

    References
    ----------
    Moody, J. & Saffell, M. (2001), Learning to trade via direct reinforcement, IEEE Transactions on Neural
    Networks 12(4), 875-889.
    Deng, Y., Bao, F., Kong, Y., Ren, Z. & Dai, Q. (2017), Deep direct reinforcement learning for financial
    signal representation and trading, IEEE Transactions on Neural Networks and Learning Systems 28(3).
    """

    @checked
    def __init__(
        self,
        *,
        network: Any,
        utility: Any,
        schedule: Any,
        stopping: Any,
        total_steps: PositiveInt,
        portfolios: PositiveInt,
        window_bars: PositiveInt,
        learning_rate: PositiveFloat,
        weight_decay: NonNegativeFloat,
        max_grad_norm: PositiveFloat,
        average: Annotated[float, Field(ge=0, lt=1)],
        turnover_penalty_bps: NonNegativeFloat,
        smoothness: Annotated[float, Field(ge=0, le=0.1)],
        sees_portfolio: bool,
        initial_rate: Probability,
        initial_band: PositiveFloat,
        scaler_cells: PositiveInt,
        device: str,
    ) -> None:
        self.network: Network = network
        self.utility: Utility = utility
        self.schedule: Schedule = schedule
        self.stopping: Stopping = stopping
        self.total_steps = total_steps
        self.portfolios = portfolios
        self.window_bars = window_bars
        self.smoothness = smoothness
        self.decision = DecisionSettings(
            sees_portfolio=sees_portfolio, initial_rate=initial_rate, initial_band=initial_band
        )
        self.settings = {
            "learning_rate": learning_rate,
            "weight_decay": weight_decay,
            "max_grad_norm": max_grad_norm,
            "average": average,
            "turnover_penalty_bps": turnover_penalty_bps,
        }
        self.scaler_cells = scaler_cells
        self.device = device

    @property
    def casts_votes(self) -> bool:
        """False: it decides in weights."""
        return False

    @property
    def needs_validation(self) -> bool:
        """What the stopping rule says."""
        return self.stopping.needs_validation

    def check(self, environment: Portfolio, market: Market) -> None:
        """Refuse rules under which outcomes jump, a window longer than an episode, and a missing device."""
        from ploutos.agent.proximal.agent import require_device
        from ploutos.env.torch_market import require_differentiable

        require_differentiable(environment.venue(market).rules)
        if self.window_bars > environment.episode_bars:
            raise ConfigError(
                f"agent.window_bars: {self.window_bars} is longer than an episode, env.episode_bars ="
                f" {environment.episode_bars} (at most {environment.episode_bars})"
            )
        require_device(self.device)

    def fit(
        self,
        environment: Portfolio,
        market: Market,
        train: slice,
        *,
        validation: slice,
        seed: int,
        monitor: Monitor,
        checkpoints: Checkpoints,
    ) -> Policy:
        """Train for `total_steps` environment steps on the rows `train`."""
        from ploutos.agent.gradient.curves import Curves
        from ploutos.agent.network_policy import NetworkPolicy

        self.check(environment, market)
        environment.require_room(train)
        scaler = RobustScaler.fit(
            market.features[0], market.member, train, clip=self.network.clip, max_cells=self.scaler_cells
        )
        layout = environment.layout(market)
        learner = self.learner(environment, market, train, scaler, seed)
        run = TrainingRun(
            total_steps=self.total_steps,
            network=learner.averaged,
            monitor=monitor,
            checkpoints=checkpoints,
            watch=self.stopping.watch(environment, market, validation),
        )

        def policy() -> NetworkPolicy:
            return NetworkPolicy(learner.averaged, self.network, layout, scaler)

        curves, kept = Curves(monitor), run.resume()
        if kept is not None:
            learner.restore(kept["learner"])
            curves.restore(kept["curves"])

        def state() -> State:
            return {"learner": learner.state(), "curves": curves.state()}

        going = learner.steps < self.total_steps
        while going:
            middle = learner.steps + learner.steps_a_window / 2
            factor = self.schedule.factor(min(middle / self.total_steps, 1.0))
            curves.add(learner.update(factor), learner.steps, self.settings["learning_rate"] * factor)
            going = run.boundary(learner.steps, state=state, policy=policy)
        curves.tell()
        run.finish()
        return policy()

    def learner(
        self, environment: Portfolio, market: Market, train: slice, scaler: RobustScaler, seed: int
    ) -> "Learner":
        """Return an untrained learner; initial weights and episodes follow `seed`."""
        import torch

        from ploutos.agent.gradient.learner import Learner
        from ploutos.agent.gradient.portfolios import Portfolios
        from ploutos.agent.gradient.views import Views
        from ploutos.env.torch_market import TorchMarket

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            actor = self.actor(environment, market, scaler).to(self.device)
        torched = TorchMarket(
            market,
            environment.venue(market),
            device=self.device,
            dtype=torch.float32,
            smoothness=self.smoothness,
        )
        portfolios = Portfolios(
            torched,
            batch=self.portfolios,
            capital=environment.initial_capital,
            rows=train,
            window_bars=self.window_bars,
            episode_bars=environment.episode_bars,
            memory=actor.perception.state_size,
            record=self.utility.state_size,
            seed=seed,
        )
        views = Views.of(market, train, torched.device)
        return Learner(actor, torched, portfolios, views, self.utility, **self.settings)

    def actor(self, environment: Portfolio, market: Market, scaler: RobustScaler) -> "WeightActor":
        """Return an untrained actor."""
        from ploutos.agent.gradient.weight_actor import WeightActor
        from ploutos.agent.oracle_tuning import allowed

        layout = environment.layout(market)
        return WeightActor(self.network, layout, scaler, allowed(environment), self.decision)

    def load(self, folder: Path, environment: Portfolio, market: Market) -> Policy:
        """Rebuild the network from this agent's settings and the saved weights."""
        from ploutos.agent.network_policy import NetworkPolicy

        layout = environment.layout(market)
        return NetworkPolicy.load(
            folder, self.network, layout, lambda scaler: self.actor(environment, market, scaler)
        )
