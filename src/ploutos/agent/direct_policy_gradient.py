"""Recurrent reinforcement learning: gradients of a utility flow through the ledger."""

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from ploutos.agent.gradient.settings import DecisionSettings
from ploutos.agent.training.device import require_device
from ploutos.agent.training.divergence import require_finite
from ploutos.agent.training.training_group import TrainingGroup
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

    stacks_seeds = True
    learns = True

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
        (policy,) = self.fit_many(
            environment,
            market,
            train,
            validation=validation,
            seeds=[seed],
            monitors=[monitor],
            checkpoints=checkpoints,
        )
        return policy

    def fit_many(
        self,
        environment: Portfolio,
        market: Market,
        train: slice,
        *,
        validation: slice,
        seeds: Sequence[int],
        monitors: Sequence[Monitor],
        checkpoints: Checkpoints,
    ) -> list[Policy]:
        """Train each seed for `total_steps` environment steps, all of them in step; return their policies."""
        from ploutos.agent.gradient.curves import Curves
        from ploutos.agent.network_policy import NetworkPolicy

        self.check(environment, market)
        environment.require_room(train)
        scaler = RobustScaler.fit(
            market.features[0], market.member, train, clip=self.network.clip, max_cells=self.scaler_cells
        )
        layout = environment.layout(market)
        learner = self.learner(environment, market, train, scaler, *seeds)
        runs = [
            TrainingRun(
                total_steps=self.total_steps,
                network=network,
                monitor=monitor,
                checkpoints=checkpoints,
                watch=self.stopping.watch(environment, market, validation),
            )
            for network, monitor in zip(learner.networks, monitors, strict=True)
        ]
        group = TrainingGroup(runs, checkpoints)
        policies = [partial(NetworkPolicy, n, self.network, layout, scaler) for n in learner.networks]
        curves, kept = [Curves(monitor) for monitor in monitors], group.resume()
        if kept is not None:
            learner.restore(kept["learner"])
            for own, state_of in zip(curves, kept["curves"], strict=True):
                own.restore(state_of)

        def state() -> State:
            return {"learner": learner.state(), "curves": [own.state() for own in curves]}

        going = learner.steps < self.total_steps
        whole = learner.steps_a_window * math.ceil(self.total_steps / learner.steps_a_window)
        while going:
            middle = learner.steps + learner.steps_a_window / 2
            factor = self.schedule.factor(middle / whole)
            figures = learner.update(factor)
            for seed in (k for k, trains in enumerate(group.going) if trains):
                update = figures.of(seed)
                whose = f"seed {seeds[seed]}" if len(seeds) > 1 else ""
                require_finite(
                    learner.steps, whose, utility=update.utility, gradient_norm=update.gradient_norm
                )
                curves[seed].add(update, learner.steps, self.settings["learning_rate"] * factor)
            going = group.boundary(learner.steps, state=state, policies=policies)
        for own in curves:
            own.tell()
        group.finish()
        return [policy() for policy in policies]

    def learner(
        self, environment: Portfolio, market: Market, train: slice, scaler: RobustScaler, *seeds: int
    ) -> "Learner":
        """Return an untrained learner; initial weights and episodes follow the seeds, each by itself."""
        import torch

        from ploutos.agent.gradient.learner import Learner
        from ploutos.agent.gradient.portfolios import Portfolios
        from ploutos.agent.gradient.stacked_actor import StackedActor
        from ploutos.agent.gradient.stacked_portfolios import StackedPortfolios
        from ploutos.agent.gradient.views import Views
        from ploutos.env.torch_market import TorchMarket

        actors = []
        for seed in seeds:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                actors.append(self.actor(environment, market, scaler).to(self.device))
        torched = TorchMarket(
            market,
            environment.venue(market),
            device=self.device,
            dtype=torch.float32,
            smoothness=self.smoothness,
        )
        portfolios = [
            Portfolios(
                torched,
                batch=self.portfolios,
                capital=environment.initial_capital,
                rows=train,
                window_bars=self.window_bars,
                episode_bars=environment.episode_bars,
                memory=actors[0].perception.state_size,
                record=self.utility.state_size,
                seed=seed,
            )
            for seed in seeds
        ]
        views = Views.of(market, train, torched.device)
        if len(seeds) == 1:
            return Learner(actors[0], torched, portfolios[0], views, self.utility, **self.settings)
        stack = StackedActor(actors, at_once=torched.device.type != "cpu")
        sets = StackedPortfolios(portfolios)
        return Learner(stack, torched, sets, views, self.utility, **self.settings)

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
