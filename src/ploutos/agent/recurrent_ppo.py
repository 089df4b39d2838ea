"""Proximal policy optimisation with an LSTM policy (sb3-contrib)."""

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from ploutos.agent.network.cross_sectional_lstm import CrossSectionalLstm
from ploutos.env.market import Market
from ploutos.env.portfolio import Portfolio
from ploutos.features.scaler import RobustScaler
from ploutos.types import (
    ConfigError,
    DataError,
    Fraction,
    Policy,
    PositiveFloat,
    PositiveInt,
    checked,
)
from ploutos.types.monitor import Monitor


class RecurrentPPO:
    """sb3-contrib's RecurrentPPO on a permutation-equivariant network.

    References
    ----------
    Schulman et al., Proximal Policy Optimization Algorithms, 2017, arXiv:1707.06347.
    """

    @checked
    def __init__(
        self,
        *,
        network: Any,
        total_steps: PositiveInt,
        n_steps: Annotated[int, Field(ge=2)],
        batch_size: Annotated[int, Field(ge=2)],
        n_epochs: PositiveInt,
        learning_rate: PositiveFloat,
        gamma: Fraction,
        gae_lambda: Fraction,
        clip_range: PositiveFloat,
        entropy_coefficient: Annotated[float, Field(ge=0)],
        value_coefficient: Annotated[float, Field(ge=0)],
        max_grad_norm: PositiveFloat,
        target_kl: PositiveFloat | None,
        scaler_cells: PositiveInt,
        device: str,
    ) -> None:
        self.network: CrossSectionalLstm = network
        self.total_steps = total_steps
        self.n_steps = n_steps
        self.batch_size = batch_size
        self.scaler_cells = scaler_cells
        self.settings = {
            "n_steps": n_steps,
            "batch_size": batch_size,
            "device": device,
            "n_epochs": n_epochs,
            "learning_rate": learning_rate,
            "gamma": gamma,
            "gae_lambda": gae_lambda,
            "clip_range": clip_range,
            "ent_coef": entropy_coefficient,
            "vf_coef": value_coefficient,
            "max_grad_norm": max_grad_norm,
            "target_kl": target_kl,
        }

    @property
    def casts_votes(self) -> bool:
        """True: actions lie in the environment's action space."""
        return True

    def check(self, environment: Portfolio, market: Market) -> None:
        """Refuse a rollout that the batch size does not divide."""
        rollout = self.n_steps * environment.num_envs
        if rollout % self.batch_size:
            fits = max(d for d in range(1, self.batch_size + 1) if rollout % d == 0)
            raise ConfigError(
                f"agent.batch_size: {self.batch_size} does not divide agent.n_steps x env.num_envs ="
                f" {self.n_steps} x {environment.num_envs} = {rollout} (nearest below that does: {fits})"
            )

    def fit(
        self, environment: Portfolio, market: Market, train: slice, *, seed: int, monitor: Monitor
    ) -> Policy:
        """Train for `total_steps` environment steps on the rows `train`."""
        from ploutos.agent.recurrent_policy import RecurrentPolicy
        from ploutos.agent.sb3_training import new_model, train_model

        self.check(environment, market)
        scaler = RobustScaler.fit(
            market.features[0], market.member, train, clip=self.network.clip, max_cells=self.scaler_cells
        )
        env = environment.vec_env(market, train, seed)
        kwargs = self.network.policy_kwargs(environment.layout(market), scaler)
        model = new_model(env, self.network.policy_class(), kwargs, seed=seed, **self.settings)
        train_model(model, self.total_steps, monitor)
        return RecurrentPolicy(model.policy, environment.action, environment.layout(market), scaler)

    def load(self, folder: Path, environment: Portfolio, market: Market) -> Policy:
        """Rebuild the network from this agent's settings and the saved weights."""
        from ploutos.agent.recurrent_policy import RecurrentPolicy, build_policy

        try:
            saved = json.loads((folder / "policy.json").read_text())
            scaler, trained = RobustScaler.from_dict(saved["scaler"]), dict(saved["layout"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"{folder}: not a saved policy: {error}") from error
        layout = environment.layout(market)
        layout.require_same_columns(trained)
        network = build_policy(self.network, environment.action, layout, scaler)
        return RecurrentPolicy.restore(network, folder / "weights.pt", environment.action, layout, scaler)
