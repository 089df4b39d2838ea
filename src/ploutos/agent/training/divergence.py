"""Stops a training at the first number that is none: what follows would be noise with a verdict."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ploutos.types import PloutosError

if TYPE_CHECKING:
    from torch import Tensor, nn

REMEDY = "a lower agent.learning_rate or agent.max_grad_norm is the usual remedy"


class TrainingDiverged(PloutosError):
    """A loss, a gradient or a weight is not finite; names the environment step and the figure."""

    def __init__(self, step: int, figure: str) -> None:
        super().__init__(f"training diverged at step {step}: {figure}; {REMEDY}")
        self.step = step
        self.figure = figure


def require_finite(step: int, whose: str = "", /, **figures: "Tensor | float") -> None:
    """Raise `TrainingDiverged` for the first figure that holds a number that is not finite.

    Names are told with spaces for underscores, after `whose` they are; of a tensor the first such number is.
    """
    for name, figure in figures.items():
        found = _not_finite(figure)
        if found is not None:
            told = f"{name.replace('_', ' ')} is {found:g}"
            raise TrainingDiverged(step, f"{whose}: {told}" if whose else told)


def require_finite_weights(step: int, network: "nn.Module") -> None:
    """Raise `TrainingDiverged` where a weight of `network` is not finite."""
    found = weights_not_finite(network.state_dict().items())
    if found is not None:
        raise TrainingDiverged(step, found)


def weights_not_finite(weights: "Iterable[tuple[str, Tensor]]") -> str | None:
    """Return how many weights are not finite and where the first one is, None where all are finite."""
    import torch
    from torch.nn.utils import get_total_norm

    everything = list(weights)
    named = [(name, weight) for name, weight in everything if weight.is_floating_point() and weight.numel()]
    # One figure for all, as this is asked after every update; where no weight is infinite it rarely is.
    if not named or bool(torch.isfinite(get_total_norm([weight for _, weight in named]))):
        return None
    bad = {name: weight.numel() - int(torch.isfinite(weight).sum()) for name, weight in named}
    first = next((name for name, count in bad.items() if count), None)
    total = sum(weight.numel() for _, weight in everything)
    return f"{sum(bad.values())} of {total} weights are not finite, the first in {first}" if first else None


def _not_finite(figure: "Tensor | float") -> float | None:
    import torch

    numbers = torch.as_tensor(figure).detach().flatten()
    known = torch.isfinite(numbers)
    return None if bool(known.all()) else float(numbers[~known][0])
