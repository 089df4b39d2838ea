"""Runs Stable-Baselines3 under Ploutos' monitor."""

from typing import Any

from sb3_contrib import RecurrentPPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import KVWriter, Logger

from ploutos.types.monitor import Monitor


class _Curves(KVWriter):
    """Hands what Stable-Baselines3 logs to the monitor."""

    def __init__(self, monitor: Monitor) -> None:
        self.monitor = monitor

    def write(
        self, key_values: dict[str, Any], key_excluded: dict[str, tuple[str, ...]], step: int = 0
    ) -> None:
        numbers = {
            k: float(v) for k, v in key_values.items() if isinstance(v, (int, float)) or hasattr(v, "item")
        }
        self.monitor.curves(numbers, step)

    def close(self) -> None:
        """Nothing to release."""


class _Progress(BaseCallback):
    def __init__(self, monitor: Monitor, total: int) -> None:
        super().__init__()
        self.monitor = monitor
        self.total = total

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        self.monitor.progress(min(self.num_timesteps, self.total), self.total)


def new_model(env: Any, network: Any, policy_kwargs: dict[str, Any], **settings: Any) -> RecurrentPPO:
    """Return an untrained model; network, sampling and minibatches all follow `settings["seed"]`."""
    return RecurrentPPO(network, env, policy_kwargs=policy_kwargs, **settings)


def train_model(model: RecurrentPPO, total_steps: int, monitor: Monitor) -> None:
    """Learn for `total_steps` environment steps, rounded up to whole rollouts."""
    model.set_logger(Logger(folder=None, output_formats=[_Curves(monitor)]))
    model.learn(total_steps, callback=_Progress(monitor, total_steps))
    monitor.progress(total_steps, total_steps)
