"""Robust scaling, fitted on a training window and stored with the policy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.types import ConfigError

NORMAL_IQR = 1.349  # interquartile range of the standard normal distribution


@dataclass(frozen=True, eq=False)
class RobustScaler:
    """Scale features to clip((x - center) / scale, -clip, clip).

    Attributes
    ----------
    center : [F] float32, median of each feature over the members of the training rows.
    scale : [F] float32, interquartile range / 1.349 (one deviation of a normal variable); 1 where that is 0.
    clip : bound of the scaled values, in scales.
    """

    center: npt.NDArray[np.float32]
    scale: npt.NDArray[np.float32]
    clip: float

    @classmethod
    def fit(
        cls,
        features: npt.NDArray[np.float32],
        member: npt.NDArray[np.bool_],
        rows: slice,
        *,
        clip: float,
        max_cells: int,
    ) -> "RobustScaler":
        """Fit on the members of the training `rows` alone; nothing outside them is read.

        Parameters
        ----------
        features : array [T, N, F]
            Finite wherever `member` is true.
        member : array [T, N]
            Who is in the universe.
        rows : slice
            Contiguous training rows.
        clip : float
            Bound of the scaled values, > 0.
        max_cells : int
            Most cells (rows x N x F) to read. A longer window is thinned to every k-th row from its first, k
            the smallest that fits: deterministic, and bounded in memory on large panels.

        Raises
        ------
        ConfigError
            No member in these rows, or a member with an unknown feature.
        """
        count, width = len(range(*rows.indices(len(features)))), features.shape[1] * features.shape[2]
        step = max(1, -(-count * width // max_cells))
        thinned = slice(rows.start, rows.stop, step)
        sample = features[thinned][member[thinned]]
        if not len(sample):
            raise ConfigError(f"scaler: no member in the {count} training rows; nothing to fit on")
        if not np.isfinite(sample).all():
            raise ConfigError("scaler: a member of the universe has an unknown feature in the training rows")
        low, center, high = np.percentile(sample.astype(np.float64), [25.0, 50.0, 75.0], axis=0)
        scale = ((high - low) / NORMAL_IQR).astype(np.float32)
        scale[scale == 0] = 1.0
        return cls(center=center.astype(np.float32), scale=scale, clip=float(clip))

    def transform(self, features: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Scale `features` [..., F]; NaN stays NaN."""
        scaled: npt.NDArray[np.float32] = np.clip(
            (features - self.center) / self.scale, -np.float32(self.clip), np.float32(self.clip)
        )
        return scaled

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready description that `from_dict` reads back exactly."""
        return {"center": self.center.tolist(), "scale": self.scale.tolist(), "clip": self.clip}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "RobustScaler":
        """Return the scaler that `as_dict` described."""
        return cls(
            center=np.array(stored["center"], dtype=np.float32),
            scale=np.array(stored["scale"], dtype=np.float32),
            clip=float(stored["clip"]),
        )
