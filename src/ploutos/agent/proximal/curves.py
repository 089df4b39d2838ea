"""Hands what Stable-Baselines3 logs to the monitor."""

from typing import Any

from stable_baselines3.common.logger import KVWriter, Logger

from ploutos.types.monitor import Monitor


class Curves(KVWriter):
    """Writes numbers as curves; step is the environment step."""

    def __init__(self, monitor: Monitor) -> None:
        self.monitor = monitor

    def write(
        self, key_values: dict[str, Any], key_excluded: dict[str, tuple[str, ...]], step: int = 0
    ) -> None:
        """Pass on what is a number."""
        numbers = {
            k: float(v) for k, v in key_values.items() if isinstance(v, (int, float)) or hasattr(v, "item")
        }
        self.monitor.curves(numbers, step)

    def close(self) -> None:
        """Nothing to release."""


def logger_of(monitor: Monitor) -> Logger:
    """Return a logger that writes curves and nothing else."""
    return Logger(folder=None, output_formats=[Curves(monitor)])
