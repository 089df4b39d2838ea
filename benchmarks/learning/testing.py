"""The test of a policy on a long window: stretches of it side by side, chained to one path."""

import numpy as np

from ploutos.agent.stopping.evaluation import equity_path, equity_paths, figures_of
from ploutos.env.market import Market
from ploutos.env.portfolio import Portfolio
from ploutos.types import Policy

MOST_STRETCHES = 16
LEAST_BARS = 4_000  # of a stretch
LEAD_BARS = 1_000  # before each stretch: from cash to the portfolio that the policy would hold by then


def tested(policy: Policy, environment: Portfolio, market: Market, rows: slice) -> dict[str, float]:
    """Return the figures of `evaluate`; a window of many bars is played in stretches.

    Each stretch is a portfolio that starts in cash `LEAD_BARS` before it. What it earns in the lead does not
    count, so the path differs from that of one portfolio only by what a policy still knows after the lead.
    """
    stretches = stretches_of(rows)
    if stretches == 1 or rows.start <= LEAD_BARS:
        return figures_of(equity_path(policy, environment, market, rows), market, rows)
    bars = (rows.stop - rows.start) // stretches
    first = rows.start - 1 - LEAD_BARS + bars * np.arange(stretches)
    equity = equity_paths(policy, environment, market, first, LEAD_BARS + bars)[LEAD_BARS:]
    before, after = equity[:-1], equity[1:]
    growth = np.divide(after, before, out=np.zeros_like(after), where=before > 0).T.ravel()
    return figures_of(np.concatenate([[1.0], np.cumprod(growth)]), market, rows)


def stretches_of(rows: slice) -> int:
    """Return how many equal stretches of enough bars a window is cut into."""
    bars = rows.stop - rows.start
    return max(
        (n for n in range(1, MOST_STRETCHES + 1) if bars % n == 0 and bars // n >= LEAST_BARS), default=1
    )
