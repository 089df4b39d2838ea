"""The end of a bar: fees for time, value, limits of the portfolio (docs/execution.md, steps 6, 7)."""

import numpy as np

from ploutos.execution.compiled import part, rare
from ploutos.execution.dust import TIE, broke
from ploutos.execution.ledger import Float, Ledger
from ploutos.execution.rules import AccountRules, Rules, StopRules
from ploutos.execution.tape import Tape
from ploutos.types.fields import CLOSE, HIGH, LOW


@part
def end_bar(
    b: int, p: int, t: int, before: float, ledger: Ledger, tape: Tape, rules: Rules, room: Float
) -> None:
    """Charge fees for time, mark at the close of row `t` + 1, apply ruin and limits (steps 6 and 7)."""
    bar = tape.prices[p, t + 1]
    close, high, low = bar[CLOSE], bar[HIGH], bar[LOW]
    if rules.account.margin:
        borrow = rules.costs.borrow_annual[t if rules.costs.by_row else 0]
        fee = financing(ledger.cash[b], ledger.shares[b], close, borrow, rules.account, tape.years[t + 1])
        ledger.cash[b] -= fee
        ledger.financing[b] += fee
    equity = ledger.cash[b] + value(ledger, b, close, high, low, rules.fill.at_open, room)
    if broke(equity, ledger.peak[b]):
        ledger.cash[b] += settle_ruin(ledger, b, close)
        equity = ledger.cash[b]
    ledger.equity[b] = equity
    ledger.peak[b] = max(ledger.peak[b], equity)
    if rules.stops.of_portfolio:
        apply_limits(ledger, b, t + 1, before, tape.session_last, rules.stops)


@part
def financing(
    cash: float, shares: Float, close: Float, borrow_annual: Float, account: AccountRules, years: float
) -> float:
    """Return the borrow fee of short positions and the interest on negative cash for `years`."""
    fee = 0.0
    for n in range(len(shares)):
        if shares[n] < 0.0:
            fee += -shares[n] * close[n] * borrow_annual[n] * years
    left = cash - fee
    return fee + (-left * account.interest_annual * years if left < 0.0 else 0.0)


@part
def value(ledger: Ledger, b: int, close: Float, high: Float, low: Float, at_open: bool, room: Float) -> float:
    """Return the worth of the holdings at `close` [N]; advance best prices and holding times."""
    shares, best, age = ledger.shares[b], ledger.best[b], ledger.age[b]
    for n in range(len(shares)):
        # Read first, choose afterwards: see `fix_orders`.
        held, up, down, old_best, old = shares[n], high[n], low[n], best[n], age[n]
        worth = held * close[n]
        flat = held == 0.0
        top = up if up > old_best else old_best
        bottom = down if down < old_best else old_best
        seen = (not flat) & (at_open | (old > 0))
        extreme = top if held > 0.0 else bottom
        best[n] = extreme if seen else old_best
        age[n] = old + 1 if (not flat) | (old < 0) else 0
        room[n] = 0.0 if flat else worth
    total = 0.0
    for n in range(len(shares)):
        total += room[n]
    return total


@rare
def settle_ruin(ledger: Ledger, b: int, close: Float) -> float:
    """Close everything at `close` [N]; return what that brings."""
    worth = 0.0
    for n in range(len(close)):
        held = ledger.shares[b, n]
        if held != 0.0:
            worth += held * close[n]
            ledger.realised[b] += held * (close[n] - ledger.entry[b, n])
            ledger.shares[b, n] = 0.0
            ledger.entry[b, n] = 0.0
            ledger.best[b, n] = 0.0
            ledger.age[b, n] = 0
    return worth


@part
def apply_limits(
    ledger: Ledger, b: int, row: int, before: float, session_last: np.ndarray, rules: StopRules
) -> None:
    """Decide at the close of `row`, after a bar that began with equity `before`, how long to stay flat."""
    equity = ledger.equity[b]
    if session_last[row - 1] < row:
        ledger.session_base[b] = before
    if equity <= ledger.session_base[b] * (1.0 - rules.max_session_loss) * (1.0 + TIE):
        ledger.flat_until[b] = max(ledger.flat_until[b], row + 1, session_last[row])
    ledger.limit_peak[b] = max(ledger.limit_peak[b], equity)
    if equity <= ledger.limit_peak[b] * (1.0 - rules.max_drawdown) * (1.0 + TIE):
        ledger.flat_until[b] = max(ledger.flat_until[b], row + max(1, rules.cooldown_bars))
        ledger.limit_peak[b] = equity
