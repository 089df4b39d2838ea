"""One bar of trading for a batch of portfolios; docs/execution.md gives formulas and a worked example."""

import numpy as np
from numba import njit

from ploutos.execution.ledger import Float


@njit(cache=True)
def execute_bar(
    cash: Float,
    shares: Float,
    entry: Float,
    equity: Float,
    peak: Float,
    targets: Float,
    scenario: np.ndarray,
    row: np.ndarray,
    open_: np.ndarray,
    close: np.ndarray,
    member: np.ndarray,
    delist_bar: np.ndarray,
    delist_return: np.ndarray,
    rate: float,
    turnover: Float,
    cost: Float,
) -> None:
    """Carry B portfolios from the close of bar `row` to the close of bar `row` + 1, in place.

    Order of events: quantities fixed at the close of `row`; delisted holdings paid out; sells at the
    next open; buys at the next open, scaled pro rata so that cash stays >= 0; mark at the next close.
    A bar without an open price cannot be traded: its orders lapse.

    Parameters
    ----------
    cash, equity, peak : [B]; shares, entry : [B, N]; the ledger, updated in place.
    targets : [B, N], share of equity wanted per asset, NaN = hold. Non-members are sold.
    scenario : [B], which price path; row : [B], the bar at whose close the decision was taken.
    open_, close : [P, T, N]; member : [T, N]; delist_bar, delist_return : [N].
    rate : cost as a fraction of traded notional.
    turnover, cost : [B], out: traded notional / equity at the decision; currency paid.
    """
    batch, assets = shares.shape
    quantity = np.empty(assets)
    for b in range(batch):
        p, t = scenario[b], row[b]
        equity_t = equity[b]
        for n in range(assets):
            target = targets[b, n]
            if not member[t, n]:
                target = 0.0
            if np.isnan(target):
                quantity[n] = 0.0
            elif target == 0.0:
                quantity[n] = -shares[b, n]
            else:
                quantity[n] = target * equity_t / close[p, t, n] - shares[b, n]

        money = cash[b]
        paid = 0.0
        traded = 0.0
        for n in range(assets):
            if delist_bar[n] == t + 1:
                if shares[b, n] > 0.0:
                    money += shares[b, n] * close[p, t, n] * (1.0 + delist_return[n])
                    shares[b, n] = 0.0
                    entry[b, n] = 0.0
                quantity[n] = 0.0

        needed = 0.0
        for n in range(assets):
            price = open_[p, t + 1, n]
            if np.isnan(price):
                quantity[n] = 0.0
            elif quantity[n] < 0.0:
                sold = min(-quantity[n], shares[b, n])
                notional = sold * price
                money += notional - notional * rate
                paid += notional * rate
                traded += notional
                shares[b, n] -= sold
                if shares[b, n] == 0.0:
                    entry[b, n] = 0.0
            elif quantity[n] > 0.0:
                needed += quantity[n] * price * (1.0 + rate)

        if needed > 0.0:
            scale = min(1.0, money / needed)
            for n in range(assets):
                if quantity[n] > 0.0:
                    price = open_[p, t + 1, n]
                    bought = quantity[n] * scale
                    notional = bought * price
                    money -= notional + notional * rate
                    paid += notional * rate
                    traded += notional
                    held = shares[b, n] + bought
                    if held > 0.0:
                        entry[b, n] = (entry[b, n] * shares[b, n] + notional) / held
                    shares[b, n] = held
            # Only rounding can bring cash below zero here.
            money = max(money, 0.0)

        worth = money
        for n in range(assets):
            if shares[b, n] > 0.0:
                worth += shares[b, n] * close[p, t + 1, n]
        cash[b] = money
        equity[b] = worth
        peak[b] = max(peak[b], worth)
        turnover[b] = traded / equity_t if equity_t > 0.0 else 0.0
        cost[b] = paid
