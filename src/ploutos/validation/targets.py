"""The targets of the plan: Sharpe ratio, maximum drawdown, and profit in every out-of-sample year."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from ploutos.backtest.metrics import (
    equity_of,
    max_drawdown,
    note,
    session_returns,
    sharpe,
    yearly_returns,
    yearly_sessions,
)
from ploutos.types import Check, Fraction, PositiveInt, Study, checked
from ploutos.validation.differences import Stricter
from ploutos.validation.prospect import Obstacle, Prospect


class Targets:
    """Three gates on the stitched out-of-sample track; a value *at* a Sharpe or drawdown limit fails.

    A year counts when it holds at least `min_year_share` of the sessions that the market's calendar has in
    it. Every year that counts must end above zero, and at least `min_years` must count. Shorter pieces count
    neither for nor against; they are listed in the evidence and enter Sharpe ratio and drawdown in full.
    """

    gate = True
    # Not the share: a year that no longer counts cannot count against, nor for.
    harder_when: ClassVar[Mapping[str, Stricter]] = {
        "min_sharpe": "larger",
        "max_drawdown_pct": "smaller",
        "min_years": "larger",
    }

    @checked
    def __init__(
        self,
        *,
        min_sharpe: Annotated[float, Field(allow_inf_nan=False)],
        max_drawdown_pct: Annotated[float, Field(gt=0, le=100)],
        min_years: PositiveInt,
        min_year_share: Fraction,
    ) -> None:
        self.min_sharpe = min_sharpe
        self.max_drawdown_pct = max_drawdown_pct
        self.min_years = min_years
        self.min_year_share = min_year_share

    def foresee(self, prospect: Prospect) -> tuple[Obstacle, ...]:
        """Say when the test windows hold fewer full years than are asked for."""
        sessions = yearly_sessions(prospect.dates)
        whole = {year: prospect.calendar_sessions.get(year, prospect.sessions_per_year) for year in sessions}
        full = self.full_years(sessions, whole)
        if len(full) >= self.min_years:
            return ()
        held = f"{len(full)} ({', '.join(map(str, full))})" if full else "none"
        text = f"{self.min_years} full out-of-sample years are asked for, the test windows hold {held}"
        return (Obstacle(setting="min_years", text=text, final=False),)

    def full_years(self, sessions: Mapping[int, int], whole: Mapping[int, float]) -> list[int]:
        """Return the calendar years that count, from the `sessions` of each and those of a `whole` one."""
        return [year for year, count in sessions.items() if count >= self.min_year_share * whole[year]]

    def __call__(self, study: Study) -> tuple[Check, ...]:
        """Return `target_sharpe`, `target_max_drawdown` and `target_years`."""
        return self._sharpe(study), self._drawdown(study), self._years(study)

    def _sharpe(self, study: Study) -> Check:
        _, returns = session_returns(study.track.bars, study.clock)
        value = sharpe(returns, study.sessions_per_year)
        return Check(
            name="target_sharpe",
            passed=value > self.min_sharpe,
            value=value,
            threshold=self.min_sharpe,
            gate=True,
            summary=f"Sharpe ratio {value:.2f} a year over {returns.size} sessions; must exceed "
            f"{self.min_sharpe:g}{note(returns)}",
        )

    def _drawdown(self, study: Study) -> Check:
        value = 100 * max_drawdown(equity_of(study.track.bars))
        return Check(
            name="target_max_drawdown",
            passed=value < self.max_drawdown_pct,
            value=value,
            threshold=self.max_drawdown_pct,
            gate=True,
            summary=f"Maximum drawdown {value:.1f} % over all bars; must stay below "
            f"{self.max_drawdown_pct:g} %",
        )

    def _years(self, study: Study) -> Check:
        dates, returns = session_returns(study.track.bars, study.clock)
        sessions = yearly_sessions(dates)
        whole = {year: study.calendar_sessions.get(year, study.sessions_per_year) for year in sessions}
        by_year = yearly_returns(dates, returns)
        full = {year: by_year[year] for year in self.full_years(sessions, whole)}
        profitable = sum(value > 0 for value in full.values())
        needed = max(self.min_years, len(full))
        return Check(
            name="target_years",
            passed=profitable >= needed,
            value=float(profitable),
            threshold=float(needed),
            gate=True,
            summary=f"{profitable} of {len(full)} full out-of-sample years profitable; all must be, "
            f"and at least {self.min_years}",
            evidence={
                "return_pct": {str(year): 100 * value for year, value in by_year.items()},
                "sessions": {str(year): count for year, count in sessions.items()},
                "calendar_sessions": {str(year): count for year, count in whole.items()},
                "full_years": list(full),
            },
        )
