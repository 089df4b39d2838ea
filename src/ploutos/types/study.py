"""What is judged: a study's stitched out-of-sample record, its baselines and its children."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ploutos.types.fold import Fold
from ploutos.types.session import SessionClock
from ploutos.types.track import Track


@dataclass(frozen=True, kw_only=True)
class Child:
    """One training run (fold x seed) of a study.

    `state` is FINISHED, FAILED, KILLED or MISSING; `metrics` holds figures of this member's own
    out-of-sample backtest on its fold (`test_sharpe`, `test_total_return_pct`, ...) and of its training
    (`training_steps`, ...).
    """

    fold: int
    seed: int
    run_id: str | None
    state: str
    key: str | None = None
    reason: str | None = None
    metrics: dict[str, float] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready description."""
        return dict(self.__dict__)


class Replay(Protocol):
    """Runs the study's policies again on altered prices, through the same execution."""

    def noisy_equity(self, *, noise: float, paths: int, seed: int) -> npt.NDArray[np.float64]:
        """Return stitched equity [paths, T] on prices x (1 + U(-noise, noise)), features recomputed.

        T and its time axis equal those of the study's stitched track.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Study:
    """Everything that checks and report need; all tracks share one time axis and one starting capital.

    Attributes
    ----------
    track : the council's stitched out-of-sample record over all folds, on one continuous ledger.
    baselines : the same windows, costs and capital, traded by each baseline.
    sessions_per_year : trading sessions a year, from the panel's calendar.
    calendar_sessions : sessions of the calendar in each calendar year of the track; a year that is not there
        counts as having `sessions_per_year`.
    regimes : by bar of `track`, the regime that was most likely at the decision before it, by the fold's own
        filter ("" for the starting bar); None where no regime is configured.
    """

    name: str
    track: Track
    baselines: dict[str, Track]
    folds: tuple[Fold, ...]
    children: tuple[Child, ...]
    sessions_per_year: float
    clock: SessionClock
    replay: Replay | None = None
    regimes: tuple[str, ...] | None = None
    calendar_sessions: Mapping[int, int] = field(default_factory=dict)
