"""One bar of trading for a batch of portfolios; docs/execution.md gives formulas and worked examples."""

import numpy as np
import numpy.typing as npt

from ploutos.execution.compiled import kernel, part
from ploutos.execution.corporate_actions import apply_actions
from ploutos.execution.dust import TIE, broke
from ploutos.execution.exits import close_positions, lapse_gapped, rest
from ploutos.execution.fills import price_fills
from ploutos.execution.ledger import Float, Ledger
from ploutos.execution.mark import end_bar
from ploutos.execution.matching import fill_orders
from ploutos.execution.orders import fix_orders, gross_value
from ploutos.execution.outcome import Outcome, start
from ploutos.execution.prefetch import AHEAD, Ahead, look_ahead, prefetch
from ploutos.execution.rules import Rules
from ploutos.execution.scratch import Scratch
from ploutos.execution.tape import Tape
from ploutos.types.fields import CLOSE


@kernel
def execute(
    ledger: Ledger,
    targets: Float,
    scenario: npt.NDArray[np.int64],
    row: npt.NDArray[np.int64],
    tape: Tape,
    rules: Rules,
    outcome: Outcome,
    scratch: Scratch,
) -> None:
    """Carry portfolios from the close of `row` [B] to that of `row` + 1, in place.

    `targets` [B, N] are shares of equity, NaN = hold; `scenario` [B] says which price path.
    """
    for b in range(len(row)):
        then = min(b + AHEAD, len(row) - 1)
        ahead = look_ahead(scenario[then], row[then], tape, rules.costs, targets[then])
        trade_bar(b, scenario[b], row[b], ledger, targets[b], tape, rules, outcome, scratch, ahead)


@kernel
def estimate(
    ledger: Ledger,
    targets: Float,
    scenario: npt.NDArray[np.int64],
    row: npt.NDArray[np.int64],
    tape: Tape,
    rules: Rules,
    costs: Float,
    scratch: Scratch,
) -> None:
    """Write what the orders for `targets` [B, N] would cost at the close of `row` into `costs` [B, N]."""
    price = scratch.price
    for b in range(len(row)):
        p, t = scenario[b], row[b]
        close = tape.prices[p, t, CLOSE]
        if not broke(ledger.equity[b], ledger.peak[b]):
            decide(b, p, t, ledger, targets[b], tape, rules, scratch)
            for n in range(len(price)):
                at = close[n]
                price[n] = 0.0 if np.isnan(at) else at
            price_fills(scratch.orders, price, rules.costs, p, t, scratch.notional, costs[b])


@part
def decide(
    b: int, p: int, t: int, ledger: Ledger, targets: Float, tape: Tape, rules: Rules, scratch: Scratch
) -> bool:
    """Fix the orders of portfolio `b` at the close of row `t` (step 1); return whether all is flattened."""
    account = rules.account
    close = tape.prices[p, t, CLOSE]
    equity = ledger.equity[b]
    flatten: bool = t < ledger.flat_until[b]
    if account.margin:
        needed = account.maintenance_margin * gross_value(ledger.shares[b], close)
        flatten |= equity < needed * (1.0 - TIE)
    fix_orders(
        targets,
        tape.member[t],
        close,
        ledger.shares[b],
        ledger.age[b],
        equity,
        flatten,
        account,
        scratch.goal,
        scratch.orders,
    )
    return flatten


@part
def trade_bar(
    b: int,
    p: int,
    t: int,
    ledger: Ledger,
    targets: Float,
    tape: Tape,
    rules: Rules,
    outcome: Outcome,
    scratch: Scratch,
    ahead: Ahead,
) -> None:
    """Carry portfolio `b` from the close of row `t` of scenario `p` to the next close."""
    stops, at_open = rules.stops, rules.fill.at_open
    before = ledger.equity[b]
    alive = not broke(before, ledger.peak[b])
    start(outcome, b)
    prefetch(ahead, 0)
    if alive:
        outcome.forced[b] = decide(b, p, t, ledger, targets, tape, rules, scratch)
    else:
        scratch.orders[:] = 0.0
    prefetch(ahead, 1)
    begin, end = tape.events.start[t + 1], tape.events.start[t + 2]
    if end > begin:
        close = tape.prices[p, t, CLOSE]
        whole = rules.account.whole_shares
        apply_actions(b, begin, end, close, whole, tape.events, ledger, scratch.orders)
    gapped = 0
    if stops.by_name and at_open:
        gapped = lapse_gapped(b, p, t, ledger, tape, stops, scratch)
    elif stops.by_name:
        close_positions(b, p, t, True, ledger, tape, rules, outcome, scratch)
        close_positions(b, p, t, False, ledger, tape, rules, outcome, scratch)
    prefetch(ahead, 2)
    fill_orders(b, p, t, ledger, tape, rules, outcome, scratch)
    prefetch(ahead, 3)
    if gapped > 0:
        rest(ledger.age[b], scratch.closing, stops.cooldown_bars)
    if stops.by_name and at_open:
        close_positions(b, p, t, False, ledger, tape, rules, outcome, scratch)
    prefetch(ahead, 4)
    end_bar(b, p, t, before, ledger, tape, rules, scratch.gain)
    prefetch(ahead, 5)
    outcome.turnover[b] = outcome.turnover[b] / before if alive else 0.0
    ledger.costs[b] += outcome.cost[b]
