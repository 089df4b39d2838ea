"""The cross-sectional LSTM as a policy that sb3-contrib's RecurrentPPO can train."""

from typing import Any

import torch
from gymnasium import spaces
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from stable_baselines3.common.distributions import DiagGaussianDistribution, Distribution
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import nn

from ploutos.agent.network.asset_categorical import AssetCategorical
from ploutos.agent.network.encoder import AssetHeads, CrossSectionalEncoder, Encoded
from ploutos.env.action.discrete import HOLD
from ploutos.env.layout import Layout
from ploutos.features.scaler import RobustScaler

LstmState = tuple[torch.Tensor, torch.Tensor]


class _Extractor(BaseFeaturesExtractor):
    """Hands the encoder to Stable-Baselines3, whose `features_dim` is the context's width."""

    def __init__(
        self, observation_space: spaces.Space[Any], layout: Layout, scaler: RobustScaler, width: int
    ) -> None:
        encoder = CrossSectionalEncoder(layout, scaler, width)
        super().__init__(observation_space, encoder.context_width)
        self.encoder = encoder

    def forward(self, observation: torch.Tensor) -> Encoded:
        encoded: Encoded = self.encoder(observation)
        return encoded


class CrossSectionalLstmPolicy(RecurrentActorCriticPolicy):
    """Actor: heads over [asset embedding, LSTM memory]; critic: feed-forward on the context.

    Choices of non-members are fixed to hold. Continuous numbers share one standard deviation, so that the
    distribution is permutation-equivariant too; where the action space has one more than there are assets, a
    head of its own on the memory makes that one, cash.
    """

    def __init__(
        self,
        observation_space: spaces.Space[Any],
        action_space: spaces.Space[Any],
        lr_schedule: Any,
        *,
        layout: Layout,
        scaler: RobustScaler,
        asset_width: int,
        head_width: int,
        lstm_hidden_size: int,
        hold_bias: float,
        initial_log_std: float,
        **sb3: Any,
    ) -> None:
        self.layout = layout
        self.head_width = head_width
        self.asset_width = asset_width
        self.hold_bias = hold_bias
        self.initial_log_std = initial_log_std
        super().__init__(
            observation_space,
            action_space,
            lr_schedule,
            net_arch={"pi": [], "vf": [head_width]},
            lstm_hidden_size=lstm_hidden_size,
            enable_critic_lstm=False,
            features_extractor_class=_Extractor,
            features_extractor_kwargs={"layout": layout, "scaler": scaler, "width": asset_width},
            **sb3,
        )

    cash_net: nn.Linear | None

    def _build(self, lr_schedule: Any) -> None:
        super()._build(lr_schedule)
        discrete = isinstance(self.action_space, spaces.MultiDiscrete)
        outputs = int(self.action_space.nvec[0]) if discrete else 1
        self.action_net = AssetHeads(self.asset_width, self.lstm_output_dim, self.head_width, outputs)
        nn.init.orthogonal_(self.action_net.out.weight, 0.01)
        nn.init.zeros_(self.action_net.out.bias)
        if discrete:
            with torch.no_grad():
                self.action_net.out.bias[HOLD] = self.hold_bias
        else:
            self.cash_net = None
            if self.action_space.shape[0] > self.layout.assets:
                self.cash_net = nn.Linear(self.lstm_output_dim, 1)
                nn.init.orthogonal_(self.cash_net.weight, 0.01)
                nn.init.zeros_(self.cash_net.bias)
            self.log_std = nn.Parameter(torch.tensor(self.initial_log_std))

    @staticmethod
    def _process_sequence(
        features: torch.Tensor, lstm_states: LstmState, episode_starts: torch.Tensor, lstm: nn.LSTM
    ) -> tuple[torch.Tensor, LstmState]:
        """Run padded sequences through one fused LSTM call.

        Same result as sb3-contrib's loop over time whenever episodes start only at the first step of a
        sequence, which is how its rollout buffer cuts them: resetting the initial state is then enough.
        """
        sequences = lstm_states[0].shape[1]
        starts = episode_starts.reshape(sequences, -1)
        if starts.shape[1] > 1 and bool(starts[:, 1:].any()):
            result: tuple[torch.Tensor, LstmState] = RecurrentActorCriticPolicy._process_sequence(
                features, lstm_states, episode_starts, lstm
            )
            return result
        keep = (1.0 - starts[:, 0]).view(1, sequences, 1)
        steps = features.reshape(sequences, -1, lstm.input_size).swapaxes(0, 1)
        output, states = lstm(steps, (keep * lstm_states[0], keep * lstm_states[1]))
        return output.swapaxes(0, 1).flatten(0, 1), states

    def _encode(self, obs: torch.Tensor) -> Encoded:
        encoded: Encoded = self.features_extractor(obs)
        return encoded

    def _act_distribution(self, encoded: Encoded, memory: torch.Tensor) -> Distribution:
        logits = self.action_net(encoded.assets, memory)
        if isinstance(self.action_dist, DiagGaussianDistribution):
            mean = logits.squeeze(-1)
            if self.cash_net is not None:
                mean = torch.cat([mean, self.cash_net(memory)], dim=-1)
            return self.action_dist.proba_distribution(mean, self.log_std.expand(mean.shape[-1]))
        blocked = torch.full_like(logits, -1e9)
        blocked[..., HOLD] = 0.0
        logits = torch.where(encoded.member.unsqueeze(-1) > 0, logits, blocked)
        return AssetCategorical().proba_distribution(logits)

    def _value(self, encoded: Encoded) -> torch.Tensor:
        value: torch.Tensor = self.value_net(self.mlp_extractor.forward_critic(self.critic(encoded.context)))
        return value

    def forward(
        self,
        obs: torch.Tensor,
        lstm_states: RNNStates,
        episode_starts: torch.Tensor,
        deterministic: bool = False,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, RNNStates]:
        """Return actions, values, log-probabilities and the next states."""
        encoded = self._encode(obs)
        memory, states = self._process_sequence(
            encoded.context, lstm_states.pi, episode_starts, self.lstm_actor
        )
        distribution = self._act_distribution(encoded, memory)
        actions = distribution.get_actions(deterministic=deterministic)
        log_prob = distribution.log_prob(actions)
        return (
            actions.reshape((-1, *self.action_space.shape)),
            self._value(encoded),
            log_prob,
            RNNStates(states, states),
        )

    def get_distribution(
        self, obs: torch.Tensor, lstm_states: LstmState, episode_starts: torch.Tensor
    ) -> tuple[Distribution, LstmState]:
        """Return the action distribution and the next state."""
        encoded = self._encode(obs)
        memory, states = self._process_sequence(encoded.context, lstm_states, episode_starts, self.lstm_actor)
        return self._act_distribution(encoded, memory), states

    def predict_values(
        self, obs: torch.Tensor, lstm_states: LstmState, episode_starts: torch.Tensor
    ) -> torch.Tensor:
        """Return state values [B, 1]."""
        return self._value(self._encode(obs))

    def evaluate_actions(
        self,
        obs: torch.Tensor,
        actions: torch.Tensor,
        lstm_states: RNNStates,
        episode_starts: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
        """Return values, log-probabilities and entropies of a padded batch of sequences."""
        encoded = self._encode(obs)
        memory, _ = self._process_sequence(encoded.context, lstm_states.pi, episode_starts, self.lstm_actor)
        distribution = self._act_distribution(encoded, memory)
        return self._value(encoded), distribution.log_prob(actions), distribution.entropy()
