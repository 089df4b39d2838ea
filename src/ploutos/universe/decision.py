"""One choice of the universe."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ploutos.types.session import sessions_a_year
from ploutos.universe.ranking import Mask, Rules, filters, measure, strongest
from ploutos.universe.session_bars import Grid, SessionBars
from ploutos.universe.trading_sessions import Sessions


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Who is chosen at one close, and why the others are not.

    Attributes
    ----------
    date : session from which the choice is traded, days since 1970-01-01.
    decided : close at which it is made, microseconds since the epoch UTC.
    picks : [<= K] columns, strongest first.
    momentum : [<= K] fraction, of the picks.
    candidates : names with a bar in the history window.
    failed : candidates by the first filter that they fail, in the order of the filters.
    priced : [N] has a close that stands for the decision session.
    members : of the index on `date`; None where no index is given.
    """

    date: int
    decided: int
    picks: npt.NDArray[np.int64]
    momentum: Grid
    candidates: int
    failed: dict[str, int]
    priced: Mask
    members: frozenset[str] | None


def decide(
    bars: SessionBars,
    sessions: Sessions,
    tickers: tuple[str, ...],
    rules: Rules,
    *,
    date: int,
    decided: int,
    members: frozenset[str] | None,
    sessions_per_year: float,
) -> Decision:
    """Choose from the sessions that close at or before `decided`; nobody while they are too few.

    `sessions_per_year` is the calendar's.
    """
    last = int(np.searchsorted(sessions.closes, decided, side="right")) - 1
    size = rules.history_sessions + rules.carry_sessions + 1
    close, dollars = bars.window(max(last + 1 - size, 0), last)
    missing = ((size - len(close), 0), (0, 0))  # before the market's first session
    close = np.pad(close, missing, constant_values=np.nan)
    begin = last - rules.history_sessions
    rate = sessions_a_year(sessions.dates[max(begin, 0) : last + 1], sessions_per_year)
    measures = measure(close, np.pad(dollars, missing), rules, rate)
    names = np.array(tickers, dtype=np.str_)
    index = None if members is None else np.isin(names, np.array(sorted(members), dtype=np.str_))
    left = measures.present.copy()
    failed = {}
    for name, passes in filters(measures, rules, index):
        if name == "history" and begin < 0:
            passes = np.zeros_like(passes)
        failed[name] = int((left & ~passes).sum())
        left &= passes
    picks = strongest(measures.momentum, left, names, rules.top_k)
    return Decision(
        date=date,
        decided=decided,
        picks=picks,
        momentum=measures.momentum[picks],
        candidates=int(measures.present.sum()),
        failed=failed,
        priced=measures.idle <= rules.carry_sessions,
        members=members,
    )
