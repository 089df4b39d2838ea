"""Orders become fills: cash, shares, entry price, realised profit, costs (docs/execution.md, step 4)."""

import numpy as np

from ploutos.execution.compiled import part
from ploutos.execution.ledger import Float, Ledger
from ploutos.execution.outcome import Outcome
from ploutos.execution.rules import DOLLAR_VOLUME, VOLATILITY, CostTable
from ploutos.execution.scratch import Scratch


@part
def price_fills(
    quantity: Float, price: Float, costs: CostTable, p: int, t: int, notional: Float, fee: Float
) -> None:
    """Write what each of `quantity` [N] is worth at `price` [N], and costs there; decided at row `t`."""
    at = t if costs.by_row else 0
    fixed = costs.fixed[at]
    for n in range(len(quantity)):
        value = abs(quantity[n]) * price[n]
        notional[n] = value
        fee[n] = value * fixed[n]
    if costs.scaled:
        slippage, impact = costs.slippage[at], costs.impact[at]
        volatility = costs.liquidity[p, t, VOLATILITY]
        dollar_volume = costs.liquidity[p, t, DOLLAR_VOLUME]
        for n in range(len(quantity)):
            value, volume, sigma = notional[n], dollar_volume[n], volatility[n]
            share = value / volume if volume > 0.0 else 1.0
            share = 1.0 if share > 1.0 else share
            rate = fixed[n] + slippage[n] * sigma + impact[n] * sigma * np.sqrt(share)
            fee[n] = value * (1.0 if rate > 1.0 else rate)


@part
def fill(
    ledger: Ledger, b: int, quantity: Float, price: Float, notional: Float, fee: Float, gain: Float
) -> tuple[float, float, float]:
    """Book signed quantities [N] at prices [N]; return cash flow, fees and traded notional.

    Prices must be finite where a quantity is not zero, and 0 where nothing trades. `gain` [N] is room for the
    realised profits.
    """
    shares, entry, best, age = ledger.shares[b], ledger.entry[b], ledger.best[b], ledger.age[b]
    for n in range(len(quantity)):
        # Read first, choose afterwards: see `fix_orders`.
        order, at = quantity[n], price[n]
        held, basis, top, old = shares[n], entry[n], best[n], age[n]
        after = held + order
        adds = held * order >= 0.0
        size, more = abs(held), abs(order)
        closed = 0.0 if adds else min(size, more)
        profit = closed * (at - basis)
        gain[n] = profit if held > 0.0 else -profit
        opens = (held == 0.0) | ((not adds) & (more > size))
        idle, flat = order == 0.0, after == 0.0
        # Not the quotient of sums: more of it at the same price leaves the entry as it is, to the last bit.
        averaged = basis + (at - basis) * (more / (size + more))
        new_basis = averaged if adds else basis
        new_basis = at if opens else new_basis
        new_basis = 0.0 if flat else new_basis
        new_top = at if opens else top
        new_top = 0.0 if flat else new_top
        shares[n] = held if idle else after
        entry[n] = basis if idle else new_basis
        best[n] = top if idle else new_top
        age[n] = old if idle | (not (flat | opens)) else 0
    # Sums in their own loop and in the order of the names: only so is the loop above vectorised.
    flow, fees, traded, realised = 0.0, 0.0, 0.0, 0.0
    for n in range(len(quantity)):
        worth, paid = notional[n], fee[n]
        flow += (-worth if quantity[n] > 0.0 else worth) - paid
        fees += paid
        traded += worth
        realised += gain[n]
    ledger.realised[b] += realised
    return flow, fees, traded


@part
def book(b: int, ledger: Ledger, quantity: Float, outcome: Outcome, scratch: Scratch) -> None:
    """Book fills [N] in the ledger and count them in `outcome`, whose turnover is still in currency."""
    fee = scratch.fee
    flow, fees, traded = fill(ledger, b, quantity, scratch.price, scratch.notional, fee, scratch.gain)
    ledger.cash[b] += flow
    outcome.cost[b] += fees
    outcome.turnover[b] += traded
    if outcome.traded.shape[0] > 0:
        for n in range(len(quantity)):
            outcome.traded[b, n] += quantity[n]
            outcome.fees[b, n] += fee[n]
