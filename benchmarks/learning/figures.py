"""From what the runs found to figures: shares of the oracle's gain, paired by the seed of the market."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import t as student

from benchmarks.learning.run import Run

NO_ALPHA = "none"
CONFIDENCE = 0.95
ENOUGH = 0.8  # of the best figure

Found = Mapping[str, Any]


@dataclass(frozen=True)
class Figure:
    """The mean over market seeds.

    Attributes
    ----------
    half_width : of the interval of Student's t; NaN with one seed.
    values : by seed of the market.
    sharpe : mean net Sharpe ratio a year.
    seconds, steps : of training, means.
    """

    mean: float
    half_width: float
    values: dict[int, float]
    sharpe: float
    seconds: float
    steps: float

    @property
    def interval(self) -> tuple[float, float]:
        """Return both ends."""
        return self.mean - self.half_width, self.mean + self.half_width


Key = tuple[str, str, float]  # market, subject, mark


def shares(trained: Mapping[Run, Found], references: Mapping[Run, Found]) -> dict[Key, Figure]:
    """Return the figure of every market, subject and mark; seeds whose reference failed are left out."""
    cells: dict[Key, dict[int, Any]] = {}
    for run, found in trained.items():
        known = references.get(run.reference())
        if known is None:
            continue
        for moment in found["moments"]:
            value = share(run.market, moment["test"]["sharpe"], known)
            cells.setdefault((run.market, run.subject, moment["mark"]), {})[run.seed] = (value, moment)
    return {key: _figure(values) for key, values in cells.items()}


def share(market: str, sharpe: float, known: Found) -> float:
    """Return (S - S_equal) / (S_oracle - S_equal), or S - S_equal where there is nothing to learn.

    NaN where the oracle gains nothing.
    """
    equal, oracle = known["equal_weight"]["sharpe"], known["oracle"]["sharpe"]
    gain = sharpe - equal
    if market == NO_ALPHA:
        return float(gain)
    return float(gain / (oracle - equal)) if oracle != equal else math.nan


def _figure(values: dict[int, Any]) -> Figure:
    numbers = {seed: value for seed, (value, _) in sorted(values.items())}
    moments = [moment for _, moment in values.values()]
    mean, half_width = mean_and_half_width(list(numbers.values()))
    return Figure(
        mean,
        half_width,
        numbers,
        float(np.mean([moment["test"]["sharpe"] for moment in moments])),
        float(np.mean([moment["seconds"] for moment in moments])),
        float(np.mean([moment["steps"] for moment in moments])),
    )


def mean_and_half_width(values: list[float]) -> tuple[float, float]:
    """Return the mean and t(n - 1) x standard error; NaN for one value."""
    count = len(values)
    if count < 2:
        return float(np.mean(values)), math.nan
    quantile = student.ppf(0.5 + CONFIDENCE / 2, count - 1)
    return float(np.mean(values)), float(quantile * np.std(values, ddof=1) / math.sqrt(count))


def curve(run: Run, found: Found, known: Found) -> list[tuple[float, float]]:
    """Return (seconds, share) of every moment of one run."""
    return [(m["seconds"], share(run.market, m["test"]["sharpe"], known)) for m in found["moments"]]


def seconds_to_enough(points: list[tuple[float, float]]) -> tuple[float, float] | None:
    """Return the seconds after which a curve first had 80 % of its best figure, and that figure.

    None where it never rose above 0.
    """
    best = max(value for _, value in points)
    if best <= 0:
        return None
    return next(seconds for seconds, value in points if value >= ENOUGH * best), best
