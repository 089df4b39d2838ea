"""What is known of a study before anything is trained, and what its checks can already say about it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ploutos.backtest.metrics import Dates


@dataclass(frozen=True, kw_only=True)
class Prospect:
    """A study before its first run.

    Attributes
    ----------
    baselines : names of the baselines that it will have.
    dates : [S] sessions of its test windows, in order.
    sessions_per_year : trading sessions a year, from the panel's calendar.
    calendar_sessions : sessions of the calendar in each calendar year; see `Study`.
    no_replay : why its policies cannot be replayed on other prices; None where they can.
    """

    baselines: tuple[str, ...]
    dates: Dates
    sessions_per_year: float
    calendar_sessions: Mapping[int, int] = field(default_factory=dict)
    no_replay: str | None = None


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """Why a gate cannot pass, whatever is trained.

    `setting` names the rule's setting; `final` is False where more test windows would do, and the study may
    be run all the same to see its other checks.
    """

    setting: str
    text: str
    final: bool


def foreseen(rule: Any, prospect: Prospect) -> Iterable[Obstacle]:
    """Return what `rule` says about `prospect`; a user's own rule need not have a word."""
    foresee = getattr(rule, "foresee", None)
    return () if foresee is None else foresee(prospect)


def too_few_sessions(prospect: Prospect, *, block_sessions: float, blocks: int) -> tuple[Obstacle, ...]:
    """Say when the test windows hold fewer than `blocks` blocks of a bootstrap."""
    sessions = prospect.dates.size
    if sessions >= blocks * block_sessions:
        return ()
    text = (
        f"{block_sessions:g} sessions a block need {blocks * block_sessions:g} sessions, the test windows"
        f" hold {sessions}; test longer, or make blocks shorter"
    )
    return (Obstacle(setting="block_sessions", text=text, final=False),)
