"""The way back through a window of bars; compiled. `by_x` is the slope of the utility by x."""

import numpy as np

from ploutos.agent.gradient.window_kernel import (
    DIVIDEND,
    FACTOR,
    PAYOUT,
    Bar,
    Course,
    Floats,
    Plans,
    Trail,
    Whole,
    bounded,
    decided,
    money,
    order_shares,
)
from ploutos.execution.compiled import kernel, part


@part
def by_buying(bar: Bar, by_notional: float, course: Course, by_shares: Floats, order: Floats) -> float:
    """Return the slope by the share of the buys that is filled."""
    total = 0.0
    for n in range(len(order)):
        if order[n] > 0.0:
            total += order[n] * (by_shares[n] + by_notional * course.price[bar.here + 1, n])
    return total


@part
def by_plan(
    bar: Bar, n: int, by_order: float, plans: Plans, course: Course, trail: Trail, slopes: Plans
) -> tuple[float, float]:
    """Write the slopes by the plan of name `n`, by what they do to its order; return by shares and equity."""
    k, b, here, t = bar
    slopes.aim[k, b, n] = slopes.rate[k, b, n] = slopes.band[k, b, n] = 0.0
    held, close, equity = trail.shares[k, b, n], course.close[here, n], money(bar, trail)
    target, beyond = decided(bar, n, plans, course, trail)
    if course.price[here + 1, n] == 0.0 or (course.member[t, n] and beyond == 0.0):
        return 0.0, 0.0
    if not course.member[t, n] or equity == 0.0:
        return -by_order, 0.0
    by_equity = by_order * bounded(target, course.cap) / close
    if not 0.0 <= target <= course.cap:
        return -by_order, by_equity
    rate, by_target = plans.rate[k, b, n], by_order * equity / close
    slopes.aim[k, b, n] = by_target * rate
    slopes.rate[k, b, n] = by_target * beyond
    slopes.band[k, b, n] = -by_target * rate * (1.0 if beyond > 0.0 else -1.0)
    # A heavier weight is a shorter way: the target moves by 1 - rate.
    by_held = by_target * (1.0 - rate) * close / equity
    return by_held - by_order, by_equity - by_held * held / equity


@part
def step_back(
    bar: Bar,
    by_growth: float,
    by_turnover: float,
    by_cash: float,
    plans: Plans,
    course: Course,
    trail: Trail,
    slopes: Plans,
    order: Floats,
    by_shares: Floats,
) -> float:
    """Turn slopes by the shares and cash that a bar leaves into those by what it found; return by cash."""
    k, b, here, t = bar
    equity, after, filled = money(bar, trail), trail.equity[k + 1, b], trail.filled[k, b]
    slot, alive = course.slot[t + 1], equity > 0.0
    by_after = by_equity = by_notional = 0.0
    if alive:
        by_notional = by_turnover / equity
        by_equity = -by_notional * trail.turnover[k, b]
        if course.ruin <= after / equity <= 1.0 / course.ruin:
            by_after = by_growth / after
            by_equity -= by_growth / equity
    for n in range(len(order)):
        by_shares[n] += by_after * course.close[here + 1, n]
    _, need = order_shares(bar, plans, course, trail, order)
    by_hand, by_need = by_cash + by_after, -(by_cash + by_after)
    if filled < 1.0:  # all cash is spent: filled = cash at hand / need
        by_hand = by_buying(bar, by_notional, course, by_shares, order) / need
        by_need = -by_hand * filled
    for n in range(len(order)):
        price, close, rate = course.price[here + 1, n], course.close[here, n], course.fixed[n]
        if order[n] > 0.0:
            by_order = filled * (by_shares[n] + by_notional * price) + by_need * price * (1.0 + rate)
        else:
            by_order = by_shares[n] - by_notional * price - by_hand * price * (1.0 - rate)
        by_held = by_shares[n]
        if slot > 0:
            split = course.events[slot, FACTOR, n]
            paid = course.events[slot, DIVIDEND, n] + close * course.events[slot, PAYOUT, n]
            by_order, by_held = by_order * split, by_held * split + by_hand * paid
        more_held, more_equity = by_plan(bar, n, by_order, plans, course, trail, slopes)
        by_shares[n] = by_held + more_held
        by_equity += more_equity
    for n in range(len(order)):
        by_shares[n] += by_equity * course.close[here, n]
    return by_hand + by_equity


@kernel
def slopes_of_window(
    plans: Plans,
    course: Course,
    at: Whole,
    row: Whole,
    trail: Trail,
    by_growth: Floats,
    by_turnover: Floats,
    slopes: Plans,
    order: Floats,
    by_shares: Floats,
) -> None:
    """Write the slopes by `plans` of a utility whose slopes by growth and turnover [K, B] are given.

    `order` and `by_shares` [N] are room.
    """
    bars, batch, _ = plans.aim.shape
    for b in range(batch):
        by_cash = 0.0
        by_shares[:] = 0.0
        for back in range(bars):
            k = bars - 1 - back
            bar = Bar(k, b, at[b] + k, row[b] + k)
            by_cash = step_back(
                bar,
                by_growth[k, b],
                by_turnover[k, b],
                by_cash,
                plans,
                course,
                trail,
                slopes,
                order,
                by_shares,
            )


def room_for_slopes(plans: Plans) -> Plans:
    """Return arrays to write slopes by `plans` into."""
    return Plans(*(np.empty_like(part) for part in plans))
