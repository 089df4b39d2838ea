"""Stops on single positions: gapped through, or hit inside the bar (docs/execution.md, steps 3, 5)."""

import numpy as np

from ploutos.execution.compiled import part
from ploutos.execution.ledger import Float, Ledger
from ploutos.execution.rules import StopRules


@part
def find_exits(
    ledger: Ledger,
    b: int,
    open_: Float,
    high: Float,
    low: Float,
    gaps: bool,
    rules: StopRules,
    quantity: Float,
    price: Float,
) -> int:
    """Write closing quantities and prices [N] of positions that a stop or target closes; return how many.

    `gaps` looks at the open only and closes there; otherwise high and low are met at the level itself.
    """
    shares, entry, best = ledger.shares[b], ledger.entry[b], ledger.best[b]
    loss, profit, trail = 1.0 - rules.stop_loss, 1.0 + rules.take_profit, 1.0 - rules.trailing_stop
    loss_short, profit_short, trail_short = 2.0 - loss, 2.0 - profit, 2.0 - trail
    against_long, against_short = (open_, open_) if gaps else (low, high)
    found = 0
    for n in range(len(shares)):
        # Read first, choose afterwards: see `fix_orders`.
        held, basis, top, opened = shares[n], entry[n], best[n], open_[n]
        bottom_price, top_price = against_long[n], against_short[n]
        long = held > 0.0
        stop_long, stop_short = max(basis * loss, top * trail), min(basis * loss_short, top * trail_short)
        stop = stop_long if long else stop_short
        target = basis * (profit if long else profit_short)
        against = bottom_price if long else top_price
        favour = top_price if long else bottom_price
        # A missing price compares false with everything, so nothing is hit there.
        stopped = (against <= stop) if long else (against >= stop)
        reached = (favour >= target) if long else (favour <= target)
        hit = (held != 0.0) & (stopped | reached)
        level = stop if stopped else target
        level = opened if gaps else level
        quantity[n] = -held if hit else 0.0
        price[n] = level if hit else 0.0
        found += hit
    return found


@part
def rest(age: np.ndarray, quantity: Float, cooldown_bars: int) -> None:
    """Start the cool-down of every name that `quantity` [N] closed; the mark of this bar counts one off."""
    for n in range(len(quantity)):
        if quantity[n] != 0.0:
            age[n] = -cooldown_bars - 1
