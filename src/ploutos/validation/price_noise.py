"""Price noise: does the result survive prices that differ by a fraction of a percent?"""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from ploutos.types import (
    Check,
    Fraction,
    NonNegativeInt,
    PloutosError,
    PositiveInt,
    Probability,
    Study,
    checked,
)
from ploutos.validation.differences import Stricter
from ploutos.validation.prospect import Obstacle, Prospect

QUANTILES = {"q05": 0.05, "q25": 0.25, "q50": 0.50, "q75": 0.75, "q95": 0.95}
FAN_POINTS = 260  # about one a week over five years; bounds the size of verdict.json


class PriceNoise:
    """Gate on the share of replays, each on its own noisy prices, that end below the starting capital.

    The replay runs the study's policies on prices x (1 + U(-noise, noise)) with features recomputed. This
    measures robustness, not skill: a strategy that never trades passes it.
    """

    gate = True
    harder_when: ClassVar[Mapping[str, Stricter]] = {"noise": "larger", "max_losing_share": "smaller"}

    @checked
    def __init__(
        self, *, paths: PositiveInt, noise: Probability, max_losing_share: Fraction, seed: NonNegativeInt
    ) -> None:
        self.paths = paths
        self.noise = noise
        self.max_losing_share = max_losing_share
        self.seed = seed

    def foresee(self, prospect: Prospect) -> tuple[Obstacle, ...]:
        """Say when the policies cannot be replayed."""
        if prospect.no_replay is None:
            return ()
        text = f"policies cannot be replayed on other prices: {prospect.no_replay}; leave the check out"
        return (Obstacle(setting="paths", text=text, final=True),)

    def __call__(self, study: Study) -> tuple[Check, ...]:
        """Return `price_noise`; its evidence holds the quantiles of the equity fan."""
        equity = self._replay(study)
        losing = int((equity[:, -1] < equity[:, 0]).sum())
        share = losing / self.paths
        return (
            Check(
                name="price_noise",
                passed=share <= self.max_losing_share,
                value=share,
                threshold=self.max_losing_share,
                gate=True,
                summary=f"{losing} of {self.paths} replays on prices changed by up to {100 * self.noise:g} % "
                f"lose money; at most {100 * self.max_losing_share:g} % may",
                evidence={"paths": self.paths, "losing": losing, "noise": self.noise, "seed": self.seed}
                | _fan(equity, study),
            ),
        )

    def _replay(self, study: Study) -> npt.NDArray[np.float64]:
        """Return the noisy equity [paths, T], refusing anything of another shape or not finite."""
        if study.replay is None:
            raise PloutosError("the study brings nothing that can replay its policies on other prices")
        equity = study.replay.noisy_equity(noise=self.noise, paths=self.paths, seed=self.seed)
        expected = (self.paths, study.track.bars.height)
        if equity.shape != expected:
            raise PloutosError(f"replayed equity has shape {equity.shape}, expected {expected}")
        broken = int((~np.isfinite(equity)).any(axis=1).sum())
        if broken:
            raise PloutosError(f"equity of {broken} of {self.paths} replays is not finite")
        return equity


def _fan(equity: npt.NDArray[np.float64], study: Study) -> dict[str, object]:
    """Return `ts` (ISO 8601, UTC) and quantiles over paths (currency) at up to `FAN_POINTS` bars."""
    bars = equity.shape[1]
    rows = np.unique(np.linspace(0, bars - 1, min(bars, FAN_POINTS)).round().astype(np.int64))
    values = np.quantile(equity[:, rows], list(QUANTILES.values()), axis=0)
    stamps = study.track.bars["ts"].gather(rows).dt.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_list()
    return {"ts": stamps} | {name: values[i].tolist() for i, name in enumerate(QUANTILES)}
