"""Proximal policy optimisation through whole sequences."""

from typing import Annotated, Any

from pydantic import Field

from ploutos.agent.proximal.agent import ProximalAgent
from ploutos.types import Fraction, NonNegativeFloat, PositiveFloat, PositiveInt, checked


class RecurrentPPO(ProximalAgent):
    """sb3-contrib's RecurrentPPO, sequences through fused LSTM calls (ADR 0022).

    References
    ----------
    Schulman et al., Proximal Policy Optimization Algorithms, 2017, arXiv:1707.06347.
    """

    @checked
    def __init__(
        self,
        *,
        network: Any,
        schedule: Any,
        stopping: Any,
        total_steps: PositiveInt,
        n_steps: Annotated[int, Field(ge=2)],
        sequence_steps: PositiveInt,
        batch_size: Annotated[int, Field(ge=2)],
        n_epochs: PositiveInt,
        learning_rate: PositiveFloat,
        gamma: Fraction,
        gae_lambda: Fraction,
        clip_range: PositiveFloat,
        entropy_coefficient: NonNegativeFloat,
        value_coefficient: NonNegativeFloat,
        max_grad_norm: PositiveFloat,
        target_kl: PositiveFloat | None,
        hold_bias: float,
        initial_log_std: float,
        market_baseline: bool,
        scaler_cells: PositiveInt,
        device: str,
    ) -> None:
        super().__init__(
            network=network,
            stopping=stopping,
            total_steps=total_steps,
            sequence_steps=sequence_steps,
            hold_bias=hold_bias,
            initial_log_std=initial_log_std,
            market_baseline=market_baseline,
            scaler_cells=scaler_cells,
            settings={
                "n_steps": n_steps,
                "batch_size": batch_size,
                "n_epochs": n_epochs,
                "learning_rate": lambda left: learning_rate * schedule.factor(1.0 - left),
                "gamma": gamma,
                "gae_lambda": gae_lambda,
                "clip_range": clip_range,
                "ent_coef": entropy_coefficient,
                "vf_coef": value_coefficient,
                "max_grad_norm": max_grad_norm,
                "target_kl": target_kl,
                "device": device,
            },
        )
