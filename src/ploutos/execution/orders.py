"""From target weights to share quantities, fixed at the close of the decision (docs/execution.md, step 1)."""

import numpy as np
import numpy.typing as npt

from ploutos.execution.compiled import part, rare
from ploutos.execution.dust import DUST, TIE, least_order
from ploutos.execution.ledger import Float
from ploutos.execution.rules import AccountRules


@part
def fix_orders(
    targets: Float,
    member: npt.NDArray[np.bool_],
    close: Float,
    shares: Float,
    age: npt.NDArray[np.int32],
    equity: float,
    flatten: bool,
    rules: AccountRules,
    goal: Float,
    quantity: Float,
) -> None:
    """Write the goal weights (NaN = hold) and the signed quantities of one portfolio; all arrays [N]."""
    # Values are read before they are chosen from: a load inside a choice is a branch, mispredicted often.
    assets = len(targets)
    cap = rules.max_position_weight
    floor = -cap if rules.allow_short else 0.0
    for n in range(assets):
        weight, may_hold, resting = targets[n], member[n], age[n] < 0
        weight = floor if weight < floor else weight
        weight = cap if weight > cap else weight
        goal[n] = weight if may_hold & (not resting) & (not flatten) else 0.0
    if rules.trim_drift:
        trim(goal, close, shares, equity, cap)
    if rules.margin:
        cap_leverage(goal, close, shares, equity, rules)
    nothing = DUST * equity
    for n in range(assets):
        weight, held, price = goal[n], shares[n], close[n]
        order = weight * equity / price - held
        order = 0.0 if abs(order * price) < nothing else order
        order = -held if abs(weight) < DUST else order
        quantity[n] = 0.0 if np.isnan(weight) else order
    if rules.whole_shares or rules.min_trade_value > 0.0:
        round_orders(goal, close, shares, equity, rules, quantity)


@rare
def trim(goal: Float, close: Float, shares: Float, equity: float, cap: float) -> None:
    """Turn holds of positions beyond the cap into targets at the cap."""
    for n in range(len(goal)):
        exposure = shares[n] * close[n]
        if np.isnan(goal[n]) and abs(exposure) > cap * equity * (1.0 + TIE):
            goal[n] = cap if exposure > 0.0 else -cap


@rare
def round_orders(
    goal: Float, close: Float, shares: Float, equity: float, rules: AccountRules, quantity: Float
) -> None:
    """Cut wanted positions to whole shares; drop orders below the minimum that do not close."""
    least = least_order(equity, rules.min_trade_value)
    for n in range(len(goal)):
        if abs(goal[n]) < DUST or np.isnan(goal[n]):
            continue
        if rules.whole_shares:
            quantity[n] = np.trunc(goal[n] * equity / close[n]) - shares[n]
        if abs(quantity[n]) * close[n] < least:
            quantity[n] = 0.0


@rare
def cap_leverage(goal: Float, close: Float, shares: Float, equity: float, rules: AccountRules) -> None:
    """Shrink targets until gross, then net exposure is within its cap; holds stay unless drift is trimmed."""
    assets = len(goal)
    held, wanted = _exposures(goal, close, shares, equity)
    if held + wanted > rules.max_gross_leverage:
        if rules.trim_drift:
            for n in range(assets):
                if np.isnan(goal[n]):
                    goal[n] = shares[n] * close[n] / equity if shares[n] != 0.0 else 0.0
            held, wanted = _exposures(goal, close, shares, equity)
        if wanted > 0.0:
            factor = max(0.0, (rules.max_gross_leverage - held) / wanted)
            for n in range(assets):
                goal[n] *= factor
    net, longs, shorts = 0.0, 0.0, 0.0
    for n in range(assets):
        if np.isnan(goal[n]):
            net += shares[n] * close[n] / equity if shares[n] != 0.0 else 0.0
        else:
            net += goal[n]
            longs += max(goal[n], 0.0)
            shorts += max(-goal[n], 0.0)
    if net > rules.max_net_leverage and longs > 0.0:
        factor = max(0.0, 1.0 - (net - rules.max_net_leverage) / longs)
        for n in range(assets):
            goal[n] = goal[n] * factor if goal[n] > 0.0 else goal[n]
    elif net < -rules.max_net_leverage and shorts > 0.0:
        factor = max(0.0, 1.0 + (net + rules.max_net_leverage) / shorts)
        for n in range(assets):
            goal[n] = goal[n] * factor if goal[n] < 0.0 else goal[n]


@part
def _exposures(goal: Float, close: Float, shares: Float, equity: float) -> tuple[float, float]:
    """Return the gross exposure of holds and of targets, shares of equity."""
    held, wanted = 0.0, 0.0
    for n in range(len(goal)):
        if np.isnan(goal[n]):
            held += abs(shares[n] * close[n]) / equity if shares[n] != 0.0 else 0.0
        else:
            wanted += abs(goal[n])
    return held, wanted


@part
def gross_value(shares: Float, close: Float) -> float:
    """Return the value of long and short positions together."""
    gross = 0.0
    for n in range(len(shares)):
        gross += abs(shares[n] * close[n]) if shares[n] != 0.0 else 0.0
    return gross
