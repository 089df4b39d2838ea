"""The parameters of a Gaussian hidden Markov model, and what follows from them alone."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.types import DataError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GaussianHmm:
    """K states over standardised series of width D.

    Attributes
    ----------
    start : [K] stationary distribution of `transition`: what is known where nothing has been observed.
    transition : [K, K] probability from row to column, a session.
    means : [K, D]; covariances : [K, D, D].
    """

    start: Floats
    transition: Floats
    means: Floats
    covariances: Floats

    def in_order(self, order: npt.NDArray[np.int64]) -> "GaussianHmm":
        """Return the same model with state `order[k]` in place k."""
        return GaussianHmm(
            start=self.start[order],
            transition=self.transition[np.ix_(order, order)],
            means=self.means[order],
            covariances=self.covariances[order],
        )

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-ready lists; JSON gives every float64 back exactly."""
        return {field.name: getattr(self, field.name).tolist() for field in fields(self)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "GaussianHmm":
        """Return the model that `as_dict` described; refuses parameters that are none, by name."""
        model = cls(**{field.name: np.array(stored[field.name], np.float64) for field in fields(cls)})
        states, width = model.means.shape
        shapes = {
            "start": (states,),
            "transition": (states, states),
            "means": (states, width),
            "covariances": (states, width, width),
        }
        for name, shape in shapes.items():
            value = getattr(model, name)
            if value.shape != shape or not np.isfinite(value).all():
                raise DataError(f"regime: {name} of shape {value.shape} should be {shape} finite numbers")
        if np.linalg.eigvalsh(model.covariances).min() <= 0:
            raise DataError("regime: covariances that are not positive definite")
        return model


def stationary(transition: Floats) -> Floats:
    """Return the distribution [K] that `transition` [K, K] leaves as it is."""
    states = len(transition)
    equations = np.concatenate([transition.T - np.eye(states), np.ones((1, states))])
    solution = np.linalg.lstsq(equations, np.append(np.zeros(states), 1.0), rcond=None)[0]
    positive = np.maximum(solution, 0.0)
    shares: Floats = positive / positive.sum()
    return shares
