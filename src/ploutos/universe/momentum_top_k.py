"""The K strongest names by momentum, chosen anew each quarter from what was known."""

from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from ploutos.data.files import sha256
from ploutos.types import Bars, ConfigError, Fraction, NonNegativeFloat, NonNegativeInt, PositiveInt, checked
from ploutos.universe.decision import Decision, decide
from ploutos.universe.membership_spells import MembershipSpells
from ploutos.universe.quarters import Every, rebalances
from ploutos.universe.ranking import Rules
from ploutos.universe.session_bars import session_bars
from ploutos.universe.survivorship import report
from ploutos.universe.trading_sessions import CheckedCalendar, market_sessions

Axis = npt.NDArray[np.int64]
Spread = Annotated[int, Field(ge=2)]  # a window in which something can vary


class MomentumTopK:
    """Rebalanced at the first session of each period, decided at the close d of the session before it.

    Bars of any length are first taken together by session: the last close P (adjusted forward for splits and
    dividends) and the dollar volume (sum of unadjusted close x volume). Windows count the sessions in which
    the market has a bar; a session in which a name has none carries its last close on. H is the longest of
    the windows. A name is eligible that, in this order,

    - `index`: is in the index on the date of the period's first session, where spells are given;
    - `idle`: has a bar in one of the last `max_idle_sessions` + 1 sessions up to d; with 0, a session d of
      which the file lacks many names keeps them out for a period;
    - `history`: has a bar in at least the share `min_history` of the sessions d - H ... d, all of which
      exist, and closes for the sessions d - `momentum_sessions` and d - `skip_sessions`, carried on for at
      most `carry_sessions` sessions;
    - `volatility`: sd of the log returns between the sessions d - `volatility_sessions` ... d times the root
      of the calendar's sessions a year (of the bars', where they are longer than a day) is at least
      `min_volatility_annual`;
    - `dollar_volume`: median over the last `dollar_volume_sessions` sessions up to d (0 without a bar) is at
      least `min_dollar_volume`.

    The `top_k` eligible names with the highest momentum, P[d - skip_sessions] / P[d - momentum_sessions] - 1,
    are members from the row of the close d (a decision there fills at the period's first open) up to the row
    before the next one; equal momentum goes by ticker. The bars of H + `carry_sessions` + 1 sessions up to d
    decide, and nothing else: later bars do not, nor do delistings, which are known in hindsight.

    Parameters
    ----------
    calendar : the market's sessions; from it the choice made at the last row of the data is known too.
    index_spells : Parquet file, see `MembershipSpells`; null takes every ticker.
    """

    @checked
    def __init__(
        self,
        *,
        calendar: CheckedCalendar,
        rebalance: Every,
        top_k: PositiveInt,
        momentum_sessions: PositiveInt,
        skip_sessions: NonNegativeInt,
        min_history: Fraction,
        carry_sessions: NonNegativeInt,
        max_idle_sessions: NonNegativeInt,
        volatility_sessions: Spread,
        min_volatility_annual: NonNegativeFloat,
        dollar_volume_sessions: PositiveInt,
        min_dollar_volume: NonNegativeFloat,
        index_spells: str | None,
    ) -> None:
        if skip_sessions >= momentum_sessions:
            raise ConfigError(
                f"universe.skip_sessions: {skip_sessions} leaves no return of momentum_sessions"
                f" {momentum_sessions}. Nearest: {momentum_sessions - 1}"
            )
        self.calendar = calendar
        self.rebalance: Every = rebalance
        self.index_spells = index_spells
        self.rules = Rules(
            top_k=top_k,
            momentum_sessions=momentum_sessions,
            skip_sessions=skip_sessions,
            min_history=min_history,
            carry_sessions=carry_sessions,
            max_idle_sessions=max_idle_sessions,
            volatility_sessions=volatility_sessions,
            min_volatility_annual=min_volatility_annual,
            dollar_volume_sessions=dollar_volume_sessions,
            min_dollar_volume=min_dollar_volume,
        )

    def membership(self, bars: Bars, ts: Axis, tickers: tuple[str, ...]) -> npt.NDArray[np.bool_]:
        """Return membership [T, N] for the axis `ts` [T] and `tickers` (N); see `membership_and_report`."""
        return _member(self.decisions(bars, ts, tickers), ts, len(tickers))

    def report(self, bars: Bars, ts: Axis, tickers: tuple[str, ...]) -> dict[str, Any]:
        """Return picks and survivorship of each rebalance, see `ploutos.universe.survivorship.report`."""
        return report(self.decisions(bars, ts, tickers), tickers)

    def membership_and_report(
        self, bars: Bars, ts: Axis, tickers: tuple[str, ...]
    ) -> tuple[npt.NDArray[np.bool_], dict[str, Any]]:
        """Return both for the work of one.

        Raises
        ------
        DataError
            Bars out of order; spells that cannot be read or that name none of the tickers.
        """
        decisions = self.decisions(bars, ts, tickers)
        return _member(decisions, ts, len(tickers)), report(decisions, tickers)

    def decisions(self, bars: Bars, ts: Axis, tickers: tuple[str, ...]) -> list[Decision]:
        """Return the choices made at or before the last of `ts`, in order of time."""
        spells = None if self.index_spells is None else MembershipSpells(self.index_spells)
        if spells is not None:
            spells.check_overlap(tickers)
        if not len(ts):
            return []
        sessions = market_sessions(ts, self.calendar)
        when = rebalances(sessions, self.rebalance, until=int(ts[-1]))
        held = sessions.held(ts)
        grid = session_bars(bars.frame, bars.actions, tickers, held)
        return [
            decide(
                grid,
                held,
                tickers,
                self.rules,
                date=date,
                decided=decided,
                members=None if spells is None else spells.on(date),
                sessions_per_year=self.calendar.sessions_per_year,
            )
            for date, decided in zip(when.dates.tolist(), when.decided.tolist(), strict=True)
        ]

    def fingerprint(self) -> dict[str, Any]:
        """Return what decides the membership, JSON-ready."""
        return {
            "universe": "momentum_top_k",
            "calendar": self.calendar.fingerprint(),
            "rebalance": self.rebalance,
            "index_spells": None if self.index_spells is None else sha256(self.index_spells),
            **vars(self.rules),
        }


def _member(decisions: list[Decision], ts: Axis, n_tickers: int) -> npt.NDArray[np.bool_]:
    """Return [T, N]: each choice holds from its row to the row before the next one's."""
    member = np.zeros((len(ts), n_tickers), dtype=np.bool_)
    rows = np.searchsorted(ts, [decision.decided for decision in decisions])
    for decision, start, stop in zip(decisions, rows, [*rows[1:], len(ts)], strict=False):
        member[start:stop, decision.picks] = True
    return member
