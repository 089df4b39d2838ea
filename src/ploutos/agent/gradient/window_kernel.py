"""A window of bars under plans, in a cash account at fixed rates; compiled.

What `TorchMarket` does there, without a tensor operation for every step of every bar. Tests hold values and
slopes of both equal. All is computed in 64 bits.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ploutos.execution.compiled import kernel, part
from ploutos.execution.dust import DUST, broke

Floats = npt.NDArray[np.floating]
Whole = npt.NDArray[np.int64]
FACTOR, DIVIDEND, PAYOUT = 0, 2, 3  # second axis of `Events`, see `Tables.events`


class Plans(NamedTuple):
    """Aim, rate and band [K, B, N], see `decision.Plan`; or slopes by them."""

    aim: Floats
    rate: Floats
    band: Floats


class Course(NamedTuple):
    """The market as `Tables` lays it out.

    Attributes
    ----------
    close : [P T, N] at the decision; price : [P T, N] of fills, 0 where nothing trades.
    member : [T, N]; slot : [T]; events : [R, 4, N].
    fixed : [N], cost of a unit of traded notional; cap : largest weight of a name.
    ruin : growth lies within [ruin, 1 / ruin].
    """

    close: Floats
    price: Floats
    member: npt.NDArray[np.bool_]
    slot: Whole
    events: Floats
    fixed: Floats
    cap: float
    ruin: float


class Trail(NamedTuple):
    """What a window brings and the way back needs; float64.

    Attributes
    ----------
    cash, equity : [K + 1, B], shares : [K + 1, B, N]: before each bar, and after the last.
    filled : [K, B], share of the buys that the cash allowed; growth, turnover : [K, B].
    peak : [K + 1, B], highest equity so far.
    """

    cash: Floats
    equity: Floats
    shares: Floats
    filled: Floats
    growth: Floats
    turnover: Floats
    peak: Floats


class Bar(NamedTuple):
    """Bar `k` of portfolio `b`: decided at row `here` of closes, which is row `t` of the market."""

    k: int
    b: int
    here: int
    t: int


@part
def money(bar: Bar, trail: Trail) -> float:
    """Return the equity at the decision, 0 where all is lost."""
    equity = trail.equity[bar.k, bar.b]
    return 0.0 if broke(equity, trail.peak[bar.k, bar.b]) else equity


@part
def decided(bar: Bar, n: int, plans: Plans, course: Course, trail: Trail) -> tuple[float, float]:
    """Return the target weight, and how far outside the band the aim lies: 0 holds."""
    k, b, here, _ = bar
    equity = money(bar, trail)
    per_equity = 1.0 / equity if equity > 0.0 else 0.0
    weight = trail.shares[k, b, n] * course.close[here, n] * per_equity
    way, band = plans.aim[k, b, n] - weight, plans.band[k, b, n]
    beyond = way - band if way > band else (way + band if way < -band else 0.0)
    return weight + plans.rate[k, b, n] * beyond, beyond


@part
def bounded(target: float, cap: float) -> float:
    """Return the target as the account allows it."""
    return 0.0 if target < DUST else (cap if target > cap else target)


@part
def order_shares(bar: Bar, plans: Plans, course: Course, trail: Trail, order: Floats) -> tuple[float, float]:
    """Write signed orders [N] after any split; return cash after payments and sells, and what buys need."""
    k, b, here, t = bar
    equity, slot = money(bar, trail), course.slot[t + 1]
    cash, need = trail.cash[k, b], 0.0
    for n in range(len(order)):
        held, close, price = trail.shares[k, b, n], course.close[here, n], course.price[here + 1, n]
        target, beyond = decided(bar, n, plans, course, trail)
        inside = course.member[t, n]
        target = target if inside else 0.0
        goal = bounded(target, course.cap)
        quantity = goal * equity / close - held
        quantity = 0.0 if goal > 0.0 and abs(quantity) * close < DUST * equity else quantity
        quantity = 0.0 if price == 0.0 or (inside and beyond == 0.0) else quantity
        if slot > 0:
            quantity *= course.events[slot, FACTOR, n]
            cash += held * (course.events[slot, DIVIDEND, n] + close * course.events[slot, PAYOUT, n])
        if quantity > 0.0:
            need += quantity * price * (1.0 + course.fixed[n])
        else:
            cash -= quantity * price * (1.0 - course.fixed[n])
        order[n] = quantity
    return max(cash, 0.0), need


@part
def fill(bar: Bar, cash: float, need: float, course: Course, trail: Trail, order: Floats) -> None:
    """Fill the orders, buys as far as `cash` goes, and mark at the close."""
    k, b, here, t = bar
    equity, slot = money(bar, trail), course.slot[t + 1]
    short = need > cash
    filled, left = (cash / need if short else 1.0), (0.0 if short else cash - need)
    worth, notional = 0.0, 0.0
    for n in range(len(order)):
        quantity, held, price = order[n], trail.shares[k, b, n], course.price[here + 1, n]
        quantity = filled * quantity if quantity > 0.0 else quantity
        if short and 0.0 < quantity * price < DUST * equity:  # rationed to dust: its cash stays
            left += quantity * price * (1.0 + course.fixed[n])
            quantity = 0.0
        held = held * course.events[slot, FACTOR, n] if slot > 0 else held
        notional += abs(quantity) * price
        trail.shares[k + 1, b, n] = held + quantity
        worth += (held + quantity) * course.close[here + 1, n]
    after = left + worth
    growth = after / equity if equity > 0.0 else 1.0
    trail.peak[k + 1, b] = max(trail.peak[k, b], after)
    if broke(after, trail.peak[k + 1, b]):  # whatever is left of it is closed
        left = after
        trail.shares[k + 1, b, :] = 0.0
    trail.cash[k + 1, b], trail.equity[k + 1, b], trail.filled[k, b] = left, after, filled
    trail.growth[k, b] = math.log(min(max(growth, course.ruin), 1.0 / course.ruin))
    trail.turnover[k, b] = notional / (equity if equity > 0.0 else 1.0)


@kernel
def trade_window(plans: Plans, course: Course, at: Whole, row: Whole, trail: Trail, order: Floats) -> None:
    """Fill `trail` from its first cash, shares, peak on; `at` [B] are rows of closes, `order` [N] is room."""
    bars, batch, assets = plans.aim.shape
    for b in range(batch):
        worth = trail.cash[0, b]
        for n in range(assets):
            worth += trail.shares[0, b, n] * course.close[at[b], n]
        trail.equity[0, b] = worth
        trail.peak[0, b] = max(trail.peak[0, b], worth)
        for k in range(bars):
            bar = Bar(k, b, at[b] + k, row[b] + k)
            cash, need = order_shares(bar, plans, course, trail, order)
            fill(bar, cash, need, course, trail, order)
