"""Orders meet the bar: fill prices, cash at hand (docs/execution.md, step 4)."""

import numpy as np

from ploutos.execution.compiled import part
from ploutos.execution.dust import least_order
from ploutos.execution.fills import book, price_fills
from ploutos.execution.ledger import Float, Ledger
from ploutos.execution.outcome import Outcome
from ploutos.execution.rules import FillRule, Rules
from ploutos.execution.scratch import Scratch
from ploutos.execution.tape import Tape
from ploutos.types.fields import CLOSE, HIGH, LOW, OPEN


@part
def fill_orders(
    b: int, p: int, t: int, ledger: Ledger, tape: Tape, rules: Rules, outcome: Outcome, scratch: Scratch
) -> None:
    """Fill sells and buys; in a cash account buys shrink to the cash that is there after the sells.

    Fills of different names do not touch each other, so one pass books both sides.
    """
    orders, price = scratch.orders, scratch.price
    set_prices(tape.prices[p, t + 1], rules.fill, price)
    if drop_untraded(orders, price) == 0:
        return
    price_fills(orders, price, rules.costs, p, t, scratch.notional, scratch.fee)
    account = rules.account
    least = least_order(ledger.equity[b], account.min_trade_value)
    if not account.margin and ration(ledger.cash[b], account.whole_shares, least, scratch):
        price_fills(orders, price, rules.costs, p, t, scratch.notional, scratch.fee)
    book(b, ledger, orders, outcome, scratch)
    if not account.margin:
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
def drop_untraded(orders: Float, price: Float) -> int:
    """Drop the orders of names without a price; return how many are left."""
    left = 0
    for n in range(len(orders)):
        order = 0.0 if price[n] == 0.0 else orders[n]
        orders[n] = order
        left += order != 0.0
    return left


@part
def ration(cash: float, whole_shares: bool, least: float, scratch: Scratch) -> bool:
    """Shrink all buys by one factor where they need more than `cash` and the sells bring; say if they did.

    What shrinks below `least`, currency at the fill price, lapses.
    """
    orders, price, notional, fee = scratch.orders, scratch.price, scratch.notional, scratch.fee
    available, needed = cash, 0.0
    for n in range(len(orders)):
        buys, worth, paid = orders[n] > 0.0, notional[n], fee[n]
        needed += worth + paid if buys else 0.0
        available += 0.0 if buys else worth - paid
    if needed <= available:
        return False
    factor = max(available, 0.0) / needed
    for n in range(len(orders)):
        order = orders[n]
        part_of = order * factor
        part_of = np.trunc(part_of) if whole_shares else part_of
        part_of = 0.0 if part_of * price[n] < least else part_of
        orders[n] = part_of if order > 0.0 else order
    return True
