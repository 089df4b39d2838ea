"""What the trainer asks of a policy, and how sb3-contrib's own policies answer."""

from typing import Any, NamedTuple, Protocol, runtime_checkable

import torch
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from sb3_contrib.ppo_recurrent.policies import MlpLstmPolicy
from stable_baselines3.common.policies import ActorCriticPolicy

from ploutos.agent.network.fused import run_lstm

LstmState = tuple[torch.Tensor, ...]


class Judged(NamedTuple):
    """What a policy says about actions taken in T steps of R rows, all [T, R]."""

    values: torch.Tensor
    log_prob: torch.Tensor
    entropy: torch.Tensor | None


class SequencePolicy(Protocol):
    """A Stable-Baselines3 policy that also takes whole sequences, time first.

    Memories are sb3-contrib's `RNNStates`: pairs of tensors [layers, R, width] for the actor (`pi`) and the
    critic (`vf`), width 0 where there is none; zero is the empty memory.
    """

    def initial_states(self, rows: int) -> RNNStates:
        """Return empty memories of `rows` rows."""
        ...

    def forward(
        self, obs: torch.Tensor, lstm_states: RNNStates, episode_starts: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, RNNStates]:
        """Return sampled actions [B, A], values [B, 1], log-probabilities [B] and memories after one step."""
        ...

    def predict_values(
        self, obs: torch.Tensor, lstm_states: LstmState, episode_starts: torch.Tensor
    ) -> torch.Tensor:
        """Return values [B, 1] from the critic's memory."""
        ...

    def judge_sequences(
        self, obs: torch.Tensor, actions: torch.Tensor, states: RNNStates, starts: torch.Tensor
    ) -> Judged:
        """Judge actions [T, R, A] taken on [T, R, D]; memories are emptied where `starts` [T, R] is 1."""
        ...


@runtime_checkable
class LateCritic(Protocol):
    """A policy whose critic has a memory of its own, so that it can look at a rollout afterwards."""

    def act(
        self, obs: torch.Tensor, lstm_states: LstmState, episode_starts: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, LstmState]:
        """Return sampled actions [B, A], log-probabilities [B] and the actor's memory after one step."""
        ...

    def value_sequences(
        self, obs: torch.Tensor, state: LstmState, starts: torch.Tensor
    ) -> tuple[torch.Tensor, LstmState]:
        """Return values [T, R] of [T, R, D] and the critic's memory after the last step."""
        ...


class FusedSequences(RecurrentActorCriticPolicy):
    """sb3-contrib's recurrent policies, whole sequences through fused calls of their LSTMs.

    The networks, their names and their results are sb3-contrib's; only its loop over time is gone.
    """

    def initial_states(self, rows: int) -> RNNStates:
        """Return zeros for actor and critic, which have LSTMs of one shape."""
        layers, _, width = self.lstm_hidden_state_shape
        zeros = torch.zeros(layers, rows, width, device=self.device)
        return RNNStates((zeros, zeros.clone()), (zeros.clone(), zeros.clone()))

    @staticmethod
    def _process_sequence(
        features: torch.Tensor, lstm_states: Any, episode_starts: torch.Tensor, lstm: Any
    ) -> Any:
        """Run sequences that lie one after another, as sb3-contrib's own method does."""
        rows = lstm_states[0].shape[1]
        steps = features.reshape(rows, -1, lstm.input_size).swapaxes(0, 1)
        output, state = run_lstm(lstm, steps, episode_starts.reshape(rows, -1).T, lstm_states)
        return output.swapaxes(0, 1).flatten(0, 1), state

    def judge_sequences(
        self, obs: torch.Tensor, actions: torch.Tensor, states: RNNStates, starts: torch.Tensor
    ) -> Judged:
        """Judge actions as `evaluate_actions` does, time first."""
        features = self.extract_features(obs.flatten(0, 1))
        seen_pi, seen_vf = (features, features) if self.share_features_extractor else features
        steps = starts.shape
        actor = _memory(self.lstm_actor, seen_pi, states.pi, starts)[0]
        if self.lstm_critic is not None:
            critic = _memory(self.lstm_critic, seen_vf, states.vf, starts)[0]
        else:
            critic = actor.detach() if self.shared_lstm else self.critic(seen_vf)
        distribution = self._get_action_dist_from_latent(self.mlp_extractor.forward_actor(actor))
        values = self.value_net(self.mlp_extractor.forward_critic(critic))
        flat = actions.flatten(0, 1)
        log_prob = distribution.log_prob(flat.squeeze(-1) if self.action_space.shape == () else flat)
        entropy = distribution.entropy()
        return Judged(
            values.view(steps), log_prob.view(steps), None if entropy is None else entropy.view(steps)
        )


class LateCriticSequences(FusedSequences):
    """The same where the critic has an LSTM of its own."""

    def act(
        self, obs: torch.Tensor, lstm_states: LstmState, episode_starts: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, LstmState]:
        """Do the actor's half of `forward`."""
        distribution, state = self.get_distribution(obs, lstm_states, episode_starts)
        actions = distribution.get_actions()
        return actions.reshape(-1, *self.action_space.shape), distribution.log_prob(actions), state

    def value_sequences(
        self, obs: torch.Tensor, state: LstmState, starts: torch.Tensor
    ) -> tuple[torch.Tensor, LstmState]:
        """Run the critic alone, time first."""
        seen = super(ActorCriticPolicy, self).extract_features(obs.flatten(0, 1), self.vf_features_extractor)
        latent, after = _memory(self.lstm_critic, seen, state, starts)
        return self.value_net(self.mlp_extractor.forward_critic(latent)).view(starts.shape), after


class FusedMlpLstmPolicy(LateCriticSequences, MlpLstmPolicy):
    """sb3-contrib's `MlpLstmPolicy` with an LSTM each for actor and critic, its default."""


class FusedSharedMlpLstmPolicy(FusedSequences, MlpLstmPolicy):
    """sb3-contrib's `MlpLstmPolicy` with `enable_critic_lstm=False`."""


def _memory(
    lstm: Any, features: torch.Tensor, state: LstmState, starts: torch.Tensor
) -> tuple[torch.Tensor, LstmState]:
    """Run `lstm` over features [T * R, I]; return outputs [T * R, H] and the state."""
    output, after = run_lstm(lstm, features.view(*starts.shape, -1), starts, (state[0], state[1]))
    return output.flatten(0, 1), after
