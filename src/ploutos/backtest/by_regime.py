"""How a study did in each market regime."""

import numpy as np

from ploutos.backtest.metrics import annual_return, max_drawdown, session_dates, session_returns, sharpe
from ploutos.types import Study

# key, title, unit, digits
FIGURES = (
    ("time_pct", "Time", "% of sessions", 1),
    ("return_annual_pct", "Return", "% a year", 1),
    ("sharpe", "Sharpe", "a year", 2),
    ("max_drawdown_pct", "Max drawdown", "%", 1),
)


def by_regime(study: Study) -> dict[str, dict[str, float]]:
    """Return the `FIGURES` of the strategy's sessions in each regime, the most frequent regime first.

    A session belongs to the regime of its first bar in `Study.regimes`: the one that was most likely before
    it, so its own return did not choose it. Return, Sharpe ratio and drawdown are those of the regime's
    sessions put one after the other. Empty where no regime is configured.
    """
    if study.regimes is None:
        return {}
    bars = study.track.bars
    dates = session_dates(bars, study.clock)[1:]
    first = np.flatnonzero(np.append(True, dates[1:] != dates[:-1])) if dates.size else np.empty(0, np.int64)
    label = np.array(study.regimes)[1 + first]
    _, returns = session_returns(bars, study.clock)
    names, counts = np.unique(label, return_counts=True)
    found = {}
    for k in np.argsort(-counts, kind="stable"):
        own = returns[label == names[k]]
        found[str(names[k])] = {
            "time_pct": 100.0 * own.size / returns.size,
            "return_annual_pct": 100.0 * annual_return(own, study.sessions_per_year),
            "sharpe": sharpe(own, study.sessions_per_year),
            "max_drawdown_pct": 100.0 * max_drawdown(np.append(1.0, np.cumprod(1.0 + own))),
        }
    return found
