"""Any network as a policy that sb3-contrib's RecurrentPPO can train."""

from typing import Any

import torch
from gymnasium import spaces
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from stable_baselines3.common.distributions import Distribution
from stable_baselines3.common.policies import ActorCriticPolicy
from torch import nn

from ploutos.agent.network.actor import SpaceActor
from ploutos.agent.network.asset_categorical import AssetCategorical
from ploutos.agent.network.base import Network, PortfolioState, Seen, split_observation
from ploutos.agent.network.head import PoolHead
from ploutos.agent.network.masked_gaussian import MaskedGaussian
from ploutos.agent.proximal.sequence_policy import Judged
from ploutos.env.action.base import ActionSpace
from ploutos.env.layout import Layout
from ploutos.features.scaler import RobustScaler

LstmState = tuple[torch.Tensor, ...]


class FlatMemory(nn.Module):
    """Stands where sb3-contrib looks for the shape of an LSTM's state."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.num_layers = 1
        self.hidden_size = size


class NetworkActorCritic(RecurrentActorCriticPolicy):
    """An actor and a critic on one perception, which the gradients of both train.

    Both look through one memory, which is flat: `pi[0]` and `vf[0]` are the same [1, B, S]. sb3-contrib wants
    pairs; the second ones are handed back as they came, of any width.
    Choices of non-members are fixed and have no part in log-probability and entropy. Continuous numbers share
    one standard deviation, so that the distribution is permutation-equivariant too.

    Parameters
    ----------
    network, layout, scaler, action, hold_bias : see `SpaceActor`.
    initial_log_std : log standard deviation of the numbers at first (continuous only).
    """

    def __init__(
        self,
        observation_space: spaces.Space[Any],
        action_space: spaces.Space[Any],
        lr_schedule: Any,
        *,
        network: Network,
        layout: Layout,
        scaler: RobustScaler,
        action: ActionSpace,
        hold_bias: float,
        initial_log_std: float,
        **sb3: Any,
    ) -> None:
        self.layout = layout
        self.parts = (network, layout, scaler, action)
        self.hold_bias = hold_bias
        self.initial_log_std = initial_log_std
        # Not RecurrentActorCriticPolicy's constructor, which builds LSTMs of its own.
        ActorCriticPolicy.__init__(self, observation_space, action_space, lr_schedule, **sb3)

    def _build(self, lr_schedule: Any) -> None:
        network, layout, scaler, action = self.parts
        self.actor = SpaceActor(network, layout, scaler, action, hold_bias=self.hold_bias)
        self.value_head = PoolHead(self.actor.perception, width=network.head_width, outputs=1)
        if self.actor.choices is None:
            self.log_std = nn.Parameter(torch.tensor(self.initial_log_std))
        self.lstm_actor = FlatMemory(self.actor.perception.state_size)
        self.lstm_hidden_state_shape = (1, 1, self.actor.perception.state_size)
        self.optimizer = self.optimizer_class(self.parameters(), lr=lr_schedule(1), **self.optimizer_kwargs)

    def initial_states(self, rows: int) -> RNNStates:
        """Return the empty memory of `rows` rows."""
        state = self.actor.perception.initial_state(rows)[None]
        nothing = state[..., :0]
        return RNNStates((state, nothing), (state, nothing))

    def see(
        self, observation: torch.Tensor, state: torch.Tensor, starts: torch.Tensor
    ) -> tuple[Seen, PortfolioState, torch.Tensor]:
        """Return what was seen of [T, B, D], what is held, and the memory [B, S] after the last bar."""
        features, member, macro, portfolio = split_observation(self.layout, observation)
        seen, after = self.actor.perception(features, member, macro, starts, state)
        return seen, portfolio, after

    def distribution(self, seen: Seen, portfolio: PortfolioState) -> Distribution:
        """Return the distribution of actions for [B] bars."""
        numbers = self.actor.numbers(seen, portfolio)
        if self.actor.choices is not None:
            return AssetCategorical().proba_distribution(numbers)
        mask = seen.member
        if self.actor.cash_head is not None:
            mask = torch.cat([mask, torch.ones_like(mask[..., :1])], dim=-1)
        return MaskedGaussian().proba_distribution(numbers, self.log_std, mask)

    def _values(self, seen: Seen, portfolio: PortfolioState) -> torch.Tensor:
        values: torch.Tensor = self.value_head(self.value_head.prepare(seen), portfolio)
        return values

    def forward(
        self,
        obs: torch.Tensor,
        lstm_states: RNNStates,
        episode_starts: torch.Tensor,
        deterministic: bool = False,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, RNNStates]:
        """Return actions, values, log-probabilities and the next states after one bar."""
        bars, portfolio, after = self.see(obs[None], lstm_states.pi[0][0], episode_starts[None])
        seen, held = bars[0], portfolio[0]
        distribution = self.distribution(seen, held)
        actions = distribution.get_actions(deterministic=deterministic)
        states = RNNStates((after[None], lstm_states.pi[1]), (after[None], lstm_states.vf[1]))
        return actions, self._values(seen, held), distribution.log_prob(actions), states

    def get_distribution(
        self, obs: torch.Tensor, lstm_states: LstmState, episode_starts: torch.Tensor
    ) -> tuple[Distribution, LstmState]:
        """Return the action distribution and the next state after one bar."""
        bars, portfolio, after = self.see(obs[None], lstm_states[0][0], episode_starts[None])
        return self.distribution(bars[0], portfolio[0]), (after[None], *lstm_states[1:])

    def predict_values(
        self, obs: torch.Tensor, lstm_states: LstmState, episode_starts: torch.Tensor
    ) -> torch.Tensor:
        """Return state values [B, 1]."""
        bars, portfolio, _ = self.see(obs[None], lstm_states[0][0], episode_starts[None])
        return self._values(bars[0], portfolio[0])

    def judge_sequences(
        self, obs: torch.Tensor, actions: torch.Tensor, states: RNNStates, starts: torch.Tensor
    ) -> Judged:
        """Judge actions [T, R, A] taken on [T, R, D]; memories are emptied where `starts` [T, R] is 1."""
        seen, portfolio, _ = self.see(obs, states.pi[0][0], starts)
        distribution = self.distribution(seen, portfolio)
        values = self._values(seen, portfolio).squeeze(-1)
        return Judged(values, distribution.log_prob(actions), distribution.entropy())

    def evaluate_actions(
        self,
        obs: torch.Tensor,
        actions: torch.Tensor,
        lstm_states: RNNStates,
        episode_starts: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
        """Return values, log-probabilities and entropies of sb3-contrib's padded sequences, row by row."""
        rows = lstm_states.pi[0].shape[1]
        parts = (obs, actions, episode_starts)
        time_first = [part.reshape(rows, -1, *part.shape[1:]).swapaxes(0, 1) for part in parts]
        judged = self.judge_sequences(time_first[0], time_first[1], lstm_states, time_first[2])
        values, log_prob, entropy = (part.swapaxes(0, 1).flatten() for part in judged if part is not None)
        return values, log_prob, entropy
