"""The default recurrent network: shared asset encoder, pooled context, portfolio LSTM, shared heads."""

from typing import Any

from ploutos.env.layout import Layout
from ploutos.features.scaler import RobustScaler
from ploutos.types import PositiveFloat, PositiveInt, checked


class CrossSectionalLstm:
    """Permutation-equivariant policy with one LSTM over the market context.

    Parameters
    ----------
    asset_width : units of the asset encoder; lstm_width : of the portfolio memory; head_width : of the heads.
    clip : bound of every normalised input, in robust standard deviations.
    hold_bias : initial log-odds of `hold` against each other choice (discrete actions only).
    initial_log_std : initial log standard deviation of the logits (continuous actions only).
    """

    @checked
    def __init__(
        self,
        *,
        asset_width: PositiveInt,
        lstm_width: PositiveInt,
        head_width: PositiveInt,
        clip: PositiveFloat,
        hold_bias: float,
        initial_log_std: float,
    ) -> None:
        self.asset_width = asset_width
        self.lstm_width = lstm_width
        self.head_width = head_width
        self.clip = clip
        self.hold_bias = hold_bias
        self.initial_log_std = initial_log_std

    def policy_class(self) -> Any:
        """Return the Stable-Baselines3 policy class (a heavy import)."""
        from ploutos.agent.network.recurrent_actor_critic import CrossSectionalLstmPolicy

        return CrossSectionalLstmPolicy

    def policy_kwargs(self, layout: Layout, scaler: RobustScaler) -> dict[str, Any]:
        """Return the keyword arguments of the policy class."""
        return {
            "layout": layout,
            "scaler": scaler,
            "asset_width": self.asset_width,
            "head_width": self.head_width,
            "lstm_hidden_size": self.lstm_width,
            "hold_bias": self.hold_bias,
            "initial_log_std": self.initial_log_std,
        }
