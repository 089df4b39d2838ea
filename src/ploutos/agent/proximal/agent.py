"""What the proximal agents share: checks, fitting under checkpoints, loading."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ploutos.agent.training.device import require_device
from ploutos.agent.training.training_run import TrainingRun
from ploutos.env.layout import Layout
from ploutos.env.market import Market
from ploutos.env.portfolio import Portfolio
from ploutos.features.scaler import RobustScaler
from ploutos.types import ConfigError, Policy
from ploutos.types.checkpoints import Checkpoints
from ploutos.types.monitor import Monitor

if TYPE_CHECKING:
    from ploutos.agent.network.base import Network
    from ploutos.agent.proximal.learner import SequencePPO
    from ploutos.agent.stopping.base import Stopping


class ProximalAgent:
    """Proximal policy optimisation on any network.

    Parameters
    ----------
    sequence_steps : steps through which gradients go back.
    market_baseline : take the market's moves out of rewards, see `MarketBaseline`.
    settings : of Stable-Baselines3's algorithm.
    """

    stacks_seeds = False
    learns = True

    def __init__(
        self,
        *,
        network: "Network",
        stopping: "Stopping",
        total_steps: int,
        sequence_steps: int,
        hold_bias: float,
        initial_log_std: float,
        market_baseline: bool,
        scaler_cells: int,
        settings: dict[str, Any],
    ) -> None:
        self.network = network
        self.stopping = stopping
        self.total_steps = total_steps
        self.sequence_steps = sequence_steps
        self.hold_bias = hold_bias
        self.initial_log_std = initial_log_std
        self.market_baseline = market_baseline
        self.scaler_cells = scaler_cells
        self.settings = settings

    @property
    def casts_votes(self) -> bool:
        """True: actions lie in the environment's action space."""
        return True

    @property
    def needs_validation(self) -> bool:
        """What the stopping rule says."""
        return self.stopping.needs_validation

    def check(self, environment: Portfolio, market: Market) -> None:
        """Refuse a rollout that cannot be cut into whole sequences and minibatches, and a missing device."""
        n_steps, batch_size = self.settings["n_steps"], self.settings["batch_size"]
        steps = self.sequence_steps
        rollout = n_steps * environment.num_envs
        if n_steps % steps:
            raise ConfigError(
                f"agent.sequence_steps: {steps} does not divide agent.n_steps = {n_steps}"
                f" (nearest below that does: {_largest_divisor(n_steps, steps)})"
            )
        if rollout % batch_size:
            raise ConfigError(
                f"agent.batch_size: {batch_size} does not divide agent.n_steps x env.num_envs ="
                f" {n_steps} x {environment.num_envs} = {rollout}"
                f" (nearest below that does: {_largest_divisor(rollout, batch_size)})"
            )
        if batch_size % steps:
            fits = [d for d in range(steps, rollout + 1, steps) if rollout % d == 0]
            nearest = min(fits, key=lambda size: abs(size - batch_size))
            raise ConfigError(
                f"agent.batch_size: {batch_size} is no multiple of agent.sequence_steps = {steps}"
                f" (nearest that is, and divides the rollout: {nearest})"
            )
        require_device(self.settings["device"])

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
        from ploutos.agent.network_policy import NetworkPolicy
        from ploutos.agent.proximal.curves import logger_of
        from ploutos.agent.proximal.learner_state import learner_state, restore_learner

        self.check(environment, market)
        scaler = RobustScaler.fit(
            market.features[0], market.member, train, clip=self.network.clip, max_cells=self.scaler_cells
        )
        layout = environment.layout(market)
        learner = self.learner(environment, market, train, scaler, seed)
        run = TrainingRun(
            total_steps=self.total_steps,
            network=learner.policy,
            monitor=monitor,
            checkpoints=checkpoints,
            watch=self.stopping.watch(environment, market, validation),
        )

        def policy() -> NetworkPolicy:
            return NetworkPolicy(learner.policy.actor, self.network, layout, scaler)

        def boundary(done: "SequencePPO") -> bool:
            done.logger.dump(done.num_timesteps)  # before a checkpoint: a resumed training tells the rest
            return run.boundary(done.num_timesteps, state=lambda: learner_state(done), policy=policy)

        learner.boundary = boundary
        learner.set_logger(logger_of(monitor))
        try:
            kept = run.resume()
            if kept is not None:
                restore_learner(learner, kept)
            learner.learn(self.total_steps - learner.num_timesteps, reset_num_timesteps=kept is None)
        finally:
            learner.close()
        run.finish()
        return policy()

    def learner(
        self, environment: Portfolio, market: Market, train: slice, scaler: RobustScaler, seed: int
    ) -> "SequencePPO":
        """Return an untrained learner; network, sampling, episodes and minibatches all follow `seed`."""
        from ploutos.agent.network.actor_critic import NetworkActorCritic
        from ploutos.agent.proximal.learner import SequencePPO
        from ploutos.agent.proximal.market_baseline import MarketBaseline

        parts = {
            "network": self.network,
            "layout": environment.layout(market),
            "scaler": scaler,
            "action": environment.action,
            "hold_bias": self.hold_bias,
            "initial_log_std": self.initial_log_std,
        }
        env = environment.vec_env(market, train, seed)
        return SequencePPO(
            NetworkActorCritic,
            env,
            sequence_steps=self.sequence_steps,
            baseline=MarketBaseline(env.simulator) if self.market_baseline else None,
            policy_kwargs=parts,
            seed=seed,
            **self.settings,
        )

    def load(self, folder: Path, environment: Portfolio, market: Market) -> Policy:
        """Rebuild the network from this agent's settings and the saved weights."""
        from ploutos.agent.network.actor import SpaceActor
        from ploutos.agent.network_policy import NetworkPolicy

        layout: Layout = environment.layout(market)

        def build(scaler: RobustScaler) -> SpaceActor:
            return SpaceActor(self.network, layout, scaler, environment.action, hold_bias=self.hold_bias)

        return NetworkPolicy.load(folder, self.network, layout, build)


def _largest_divisor(number: int, most: int) -> int:
    return max(d for d in range(1, min(most, number) + 1) if number % d == 0)
