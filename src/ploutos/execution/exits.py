"""Stops on single positions: gapped through, or hit inside the bar (docs/execution.md, steps 3, 5)."""

import numpy as np

from ploutos.execution.compiled import part
from ploutos.execution.dust import TIE
from ploutos.execution.fills import book, price_fills
from ploutos.execution.ledger import Float, Ledger
from ploutos.execution.outcome import Outcome
from ploutos.execution.rules import Rules, StopRules
from ploutos.execution.scratch import Scratch
from ploutos.execution.tape import Tape
from ploutos.types.fields import HIGH, LOW, OPEN


@part
def lapse_gapped(
    b: int, p: int, t: int, ledger: Ledger, tape: Tape, rules: StopRules, scratch: Scratch
) -> int:
    """Put closing orders in place of those of names that gapped through a stop (step 3); return how many.

    For fills at the open, which is where such a name is closed too; `rest` must follow the fills.
    """
    orders, closing = scratch.orders, scratch.closing
    bar = tape.prices[p, t + 1]
    found = find_exits(ledger, b, bar[OPEN], bar[HIGH], bar[LOW], True, rules, closing, scratch.price)
    if found > 0:
        for n in range(len(orders)):
            order, close = orders[n], closing[n]
            orders[n] = order if close == 0.0 else close
    return found


@part
def close_positions(
    b: int,
    p: int,
    t: int,
    gaps: bool,
    ledger: Ledger,
    tape: Tape,
    rules: Rules,
    outcome: Outcome,
    scratch: Scratch,
) -> None:
    """Close what a stop or target closes; orders of these names lapse (steps 3 and 5)."""
    orders, closing, price = scratch.orders, scratch.closing, scratch.price
    bar = tape.prices[p, t + 1]
    if find_exits(ledger, b, bar[OPEN], bar[HIGH], bar[LOW], gaps, rules.stops, closing, price) == 0:
        return
    for n in range(len(orders)):
        order, close = orders[n], closing[n]
        orders[n] = order if close == 0.0 else 0.0
    price_fills(closing, price, rules.costs, p, t, scratch.notional, scratch.fee)
    book(b, ledger, closing, outcome, scratch)
    rest(ledger.age[b], closing, rules.stops.cooldown_bars)


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
    above, below = 1.0 + TIE, 1.0 - TIE
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
        stop_edge, target_edge = stop * (above if long else below), target * (below if long else above)
        stopped = (against <= stop_edge) if long else (against >= stop_edge)
        reached = (favour >= target_edge) if long else (favour <= target_edge)
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
