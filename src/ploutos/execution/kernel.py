"""One bar of trading for a batch of portfolios; docs/execution.md gives formulas and worked examples."""

import numpy as np
import numpy.typing as npt

from ploutos.execution.compiled import kernel, part
from ploutos.execution.corporate_actions import apply_actions
from ploutos.execution.exits import find_exits, rest
from ploutos.execution.fills import fill, price_fills
from ploutos.execution.ledger import Float, Ledger
from ploutos.execution.mark import apply_limits, financing, settle_ruin, value
from ploutos.execution.orders import fix_orders
from ploutos.execution.outcome import Outcome
from ploutos.execution.rules import FillRule, Rules
from ploutos.execution.tape import Tape
from ploutos.types.fields import CLOSE, HIGH, LOW, OPEN


@kernel
def execute(
    first: int,
    last: int,
    ledger: Ledger,
    targets: Float,
    scenario: npt.NDArray[np.int64],
    row: npt.NDArray[np.int64],
    tape: Tape,
    rules: Rules,
    outcome: Outcome,
    scratch: Float,
) -> None:
    """Carry portfolios `first` ... `last` - 1 from the close of `row` [B] to that of `row` + 1, in place.

    `targets` [B, N] are shares of equity, NaN = hold; `scenario` [B] says which price path.
    """
    for b in range(first, last):
        trade_bar(b, scenario[b], row[b], ledger, targets[b], tape, rules, outcome, scratch)


@kernel
def estimate(
    ledger: Ledger,
    targets: Float,
    scenario: npt.NDArray[np.int64],
    row: npt.NDArray[np.int64],
    tape: Tape,
    rules: Rules,
    costs: Float,
    scratch: Float,
) -> None:
    """Write what the orders for `targets` [B, N] would cost at the close of `row` into `costs` [B, N]."""
    orders, price, notional = scratch[0], scratch[2], scratch[3]
    for b in range(len(row)):
        p, t = scenario[b], row[b]
        close = tape.prices[p, t, CLOSE]
        if ledger.equity[b] > 0.0:
            decide(b, p, t, ledger, targets[b], tape, rules, scratch)
            for n in range(len(price)):
                at = close[n]
                price[n] = 0.0 if np.isnan(at) else at
            price_fills(orders, price, rules.costs, p, t, notional, costs[b])


@part
def decide(
    b: int, p: int, t: int, ledger: Ledger, targets: Float, tape: Tape, rules: Rules, scratch: Float
) -> bool:
    """Fix the orders of portfolio `b` at the close of row `t` (step 1); return whether all is flattened."""
    account = rules.account
    close = tape.prices[p, t, CLOSE]
    equity = ledger.equity[b]
    flatten: bool = t < ledger.flat_until[b]
    if account.margin:
        flatten |= equity < account.maintenance_margin * gross_value(ledger.shares[b], close)
    fix_orders(
        targets,
        tape.member[t],
        close,
        ledger.shares[b],
        ledger.age[b],
        equity,
        flatten,
        account,
        scratch[1],
        scratch[0],
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
    scratch: Float,
) -> None:
    """Carry portfolio `b` from the close of row `t` of scenario `p` to the next close."""
    stops, orders = rules.stops, scratch[0]
    before = ledger.equity[b]
    start(outcome, b)
    if before > 0.0:
        outcome.forced[b] = decide(b, p, t, ledger, targets, tape, rules, scratch)
    else:
        orders[:] = 0.0
    begin, end = tape.events.start[t + 1], tape.events.start[t + 2]
    if end > begin:
        close = tape.prices[p, t, CLOSE]
        apply_actions(b, begin, end, close, rules.account.whole_shares, tape.events, ledger, orders)
    if stops.by_name:
        close_positions(b, p, t, True, ledger, tape, rules, outcome, scratch)
        if not rules.fill.at_open:
            close_positions(b, p, t, False, ledger, tape, rules, outcome, scratch)
    fill_orders(b, p, t, ledger, tape, rules, outcome, scratch)
    if stops.by_name and rules.fill.at_open:
        close_positions(b, p, t, False, ledger, tape, rules, outcome, scratch)
    end_bar(b, p, t, before, ledger, tape, rules)
    outcome.turnover[b] = outcome.turnover[b] / before if before > 0.0 else 0.0
    ledger.costs[b] += outcome.cost[b]


@part
def fill_orders(
    b: int, p: int, t: int, ledger: Ledger, tape: Tape, rules: Rules, outcome: Outcome, scratch: Float
) -> None:
    """Fill sells, then buys; in a cash account buys shrink to the cash at hand (step 4)."""
    orders, quantity, price, notional, fee = scratch[0], scratch[1], scratch[2], scratch[3], scratch[4]
    gain = scratch[5]
    set_prices(tape.prices[p, t + 1], rules.fill, price)
    sells, buys = 0, 0
    for n in range(len(orders)):
        at, order = price[n], orders[n]
        order = 0.0 if at == 0.0 else order
        orders[n] = order
        quantity[n] = order if order < 0.0 else 0.0
        sells += order < 0.0
        buys += order > 0.0
    if sells > 0:
        price_fills(quantity, price, rules.costs, p, t, notional, fee)
        book(b, ledger, quantity, price, notional, fee, gain, outcome)
    if buys == 0:
        return
    for n in range(len(orders)):
        order = orders[n]
        quantity[n] = order if order > 0.0 else 0.0
    price_fills(quantity, price, rules.costs, p, t, notional, fee)
    if not rules.account.margin:
        needed = 0.0
        for n in range(len(orders)):
            needed += notional[n] + fee[n]
        if needed > ledger.cash[b]:
            factor = max(ledger.cash[b], 0.0) / needed
            for n in range(len(orders)):
                part_of = quantity[n] * factor
                quantity[n] = np.trunc(part_of) if rules.account.whole_shares else part_of
            price_fills(quantity, price, rules.costs, p, t, notional, fee)
    book(b, ledger, quantity, price, notional, fee, gain, outcome)
    if not rules.account.margin:
        ledger.cash[b] = max(ledger.cash[b], 0.0)  # only rounding can bring it below


@part
def set_prices(bar: Float, rule: FillRule, price: Float) -> None:
    """Write the fill price of every name in `bar` [5, N], 0 where nothing trades."""
    opens = bar[OPEN]
    if rule.at_open:
        for n in range(len(price)):
            at = opens[n]
            price[n] = 0.0 if np.isnan(at) else at
        return
    high, low, close = bar[HIGH], bar[LOW], bar[CLOSE]
    of_open, of_high, of_low, of_close = rule.weights
    for n in range(len(price)):
        at = of_open * opens[n] + of_high * high[n] + of_low * low[n] + of_close * close[n]
        price[n] = 0.0 if np.isnan(at) else at


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
    scratch: Float,
) -> None:
    """Close what a stop or target closes; orders of these names lapse (steps 3 and 5)."""
    orders, quantity, price, notional, fee = scratch[0], scratch[1], scratch[2], scratch[3], scratch[4]
    gain = scratch[5]
    bar = tape.prices[p, t + 1]
    open_, high, low = bar[OPEN], bar[HIGH], bar[LOW]
    if find_exits(ledger, b, open_, high, low, gaps, rules.stops, quantity, price) == 0:
        return
    for n in range(len(orders)):
        orders[n] = orders[n] if quantity[n] == 0.0 else 0.0
    price_fills(quantity, price, rules.costs, p, t, notional, fee)
    book(b, ledger, quantity, price, notional, fee, gain, outcome)
    rest(ledger.age[b], quantity, rules.stops.cooldown_bars)


@part
def end_bar(b: int, p: int, t: int, before: float, ledger: Ledger, tape: Tape, rules: Rules) -> None:
    """Charge fees for time, mark at the close of row `t` + 1, apply ruin and limits (steps 6 and 7)."""
    bar = tape.prices[p, t + 1]
    close, high, low = bar[CLOSE], bar[HIGH], bar[LOW]
    if rules.account.margin:
        borrow = rules.costs.borrow_annual[t if rules.costs.by_row else 0]
        fee = financing(ledger.cash[b], ledger.shares[b], close, borrow, rules.account, tape.years[t + 1])
        ledger.cash[b] -= fee
        ledger.financing[b] += fee
    equity = ledger.cash[b] + value(ledger, b, close, high, low, rules.fill.at_open)
    if equity <= 0.0:
        ledger.cash[b] += settle_ruin(ledger, b, close)
        equity = ledger.cash[b]
    ledger.equity[b] = equity
    ledger.peak[b] = max(ledger.peak[b], equity)
    if rules.stops.of_portfolio:
        apply_limits(ledger, b, t + 1, before, tape.session_last, rules.stops)


@part
def gross_value(shares: Float, close: Float) -> float:
    """Return the value of long and short positions together."""
    gross = 0.0
    for n in range(len(shares)):
        gross += abs(shares[n] * close[n]) if shares[n] != 0.0 else 0.0
    return gross


@part
def start(outcome: Outcome, b: int) -> None:
    """Empty portfolio `b`'s row of `outcome`."""
    outcome.forced[b] = False
    outcome.turnover[b] = 0.0
    outcome.cost[b] = 0.0
    if outcome.traded.shape[0] > 0:
        outcome.traded[b] = 0.0
        outcome.fees[b] = 0.0


@part
def book(
    b: int,
    ledger: Ledger,
    quantity: Float,
    price: Float,
    notional: Float,
    fee: Float,
    gain: Float,
    outcome: Outcome,
) -> None:
    """Book fills [N] in the ledger and count them in `outcome`, whose turnover is still in currency."""
    flow, fees, traded = fill(ledger, b, quantity, price, notional, fee, gain)
    ledger.cash[b] += flow
    outcome.cost[b] += fees
    outcome.turnover[b] += traded
    if outcome.traded.shape[0] > 0:
        for n in range(len(quantity)):
            outcome.traded[b, n] += quantity[n]
            outcome.fees[b, n] += fee[n]
