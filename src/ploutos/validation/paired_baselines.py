"""Paired bootstrap against each baseline: is the strategy better than what anybody could hold?"""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from ploutos.backtest.metrics import note, session_returns, sharpe
from ploutos.types import Check, NonNegativeInt, PloutosError, Probability, Study, Track, checked, nearest
from ploutos.types.session import SessionClock
from ploutos.validation.differences import Stricter
from ploutos.validation.prospect import Obstacle, Prospect, too_few_sessions
from ploutos.validation.resample import MIN_BLOCKS, bootstrap_sharpe
from ploutos.validation.rule import uncomputed


class PairedBaselines:
    """One check `beats_<baseline>` a baseline: the lower bound of the Sharpe difference must exceed 0.

    Strategy and baseline are resampled by the same blocks of sessions, so what moves both cancels. The
    bound is the (1 - confidence) percentile of the difference of annualised Sharpe ratios. After Ledoit,
    O. & Wolf, M. (2008), "Robust performance hypothesis testing with the Sharpe ratio", Journal of
    Empirical Finance 15(5), with percentile instead of studentised intervals.

    Baselines named in `gates` can reject, the others inform; a gate without its baseline fails.
    """

    harder_when: ClassVar[Mapping[str, Stricter]] = {"confidence": "larger"}

    @checked
    def __init__(
        self,
        *,
        resamples: Annotated[int, Field(ge=100)],
        block_sessions: Annotated[float, Field(ge=1, allow_inf_nan=False)],
        confidence: Probability,
        seed: NonNegativeInt,
        gates: list[str],
    ) -> None:
        self.resamples = resamples
        self.block_sessions = block_sessions
        self.confidence = confidence
        self.seed = seed
        self.gates = gates
        self.gate = bool(gates)

    def foresee(self, prospect: Prospect) -> tuple[Obstacle, ...]:
        """Name the gates whose baseline the study will not have; say when its windows are too short."""
        listed = ", ".join(prospect.baselines) or "none"
        absent = [
            Obstacle(
                setting="gates",
                text=f"the study has no baseline '{name}' (it has: {listed}); keep"
                f" baselines.{name}, or name gates that it has",
                final=True,
            )
            for name in self.gates
            if name not in prospect.baselines
        ]
        if absent or not self.gates:
            return tuple(absent)
        return too_few_sessions(prospect, block_sessions=self.block_sessions, blocks=MIN_BLOCKS)

    def __call__(self, study: Study) -> tuple[Check, ...]:
        """Return a check for each baseline of the study and for each gate it lacks."""
        absent = [name for name in self.gates if name not in study.baselines]
        return tuple(self._answer(name, study) for name in [*study.baselines, *absent])

    def _answer(self, name: str, study: Study) -> Check:
        """Compare with one baseline; one that cannot be compared fails without taking the others along."""
        gate = name in self.gates
        try:
            return self._compare(name, study, gate=gate)
        except Exception as error:
            return uncomputed(f"beats_{name}", error, gate=gate)

    def _compare(self, name: str, study: Study, *, gate: bool) -> Check:
        if name not in study.baselines:
            near = nearest(name, study.baselines)
            raise PloutosError(
                f"the study has no baseline '{name}'" + (f"; nearest: '{near}'" if near else "")
            )
        pair = _paired_returns(study.track, study.baselines[name], study.clock)
        draws = bootstrap_sharpe(
            pair,
            resamples=self.resamples,
            block_sessions=self.block_sessions,
            sessions_per_year=study.sessions_per_year,
            seed=self.seed,
        )
        difference = draws[0] - draws[1]
        low, high = np.quantile(difference, [1 - self.confidence, self.confidence]).tolist()
        ours, theirs = (sharpe(series, study.sessions_per_year) for series in pair)
        return Check(
            name=f"beats_{name}",
            passed=low > 0,
            value=low,
            threshold=0.0,
            gate=gate,
            summary=f"Lower {100 * self.confidence:g} % bound of the Sharpe difference {low:.2f} a year "
            f"({ours:.2f} against {theirs:.2f}); must exceed 0{note(pair[0])}",
            evidence={
                "sharpe": ours,
                "baseline_sharpe": theirs,
                "lower": low,
                "upper": high,
                "share_not_better": float(np.mean(difference <= 0)),
                "resamples": self.resamples,
                "block_sessions": self.block_sessions,
                "confidence": self.confidence,
            },
        )


def _paired_returns(track: Track, baseline: Track, clock: SessionClock) -> npt.NDArray[np.float64]:
    """Return session returns [2, S] of both, which must cover the same sessions."""
    dates, ours = session_returns(track.bars, clock)
    other_dates, theirs = session_returns(baseline.bars, clock)
    if not np.array_equal(dates, other_dates):
        raise PloutosError(
            f"covers {other_dates.size} sessions, not the {dates.size} sessions of the strategy, one for one"
        )
    return np.stack([ours, theirs])
