"""One bar of trading for one portfolio, spelled out: slow, scalar, in the order of docs/execution.md."""

from dataclasses import dataclass, field
from math import isnan


@dataclass
class Account:
    """Money and holdings; names that are not held have no entry in `shares` and `entry`."""

    cash: float
    equity: float
    peak: float
    shares: dict[str, float] = field(default_factory=dict)
    entry: dict[str, float] = field(default_factory=dict)
    turnover: float = 0.0
    cost: float = 0.0

    @classmethod
    def with_capital(cls, capital):
        return cls(cash=capital, equity=capital, peak=capital)


@dataclass(frozen=True)
class Quote:
    """What the market says about one name between the close of bar t and the close of bar t+1."""

    close_t: float
    open_tp1: float  # NaN: no trade possible
    close_tp1: float
    member_t: bool
    delisting_return: float | None = None  # a number: it is delisted at t+1


def orders_of(account, targets, quotes):
    """Signed quantities, fixed at the close of bar t."""
    orders = {}
    for name, quote in quotes.items():
        held = account.shares.get(name, 0.0)
        target = targets[name] if quote.member_t else 0.0
        if isnan(target):
            orders[name] = 0.0
        elif target == 0.0:
            orders[name] = -held
        else:
            orders[name] = target * account.equity / quote.close_t - held
    return orders


def pay_out_delisted(account, orders, quotes):
    for name, quote in quotes.items():
        if quote.delisting_return is None:
            continue
        orders[name] = 0.0
        held = account.shares.pop(name, 0.0)
        account.entry.pop(name, None)
        account.cash += held * quote.close_t * (1.0 + quote.delisting_return)


def sell(account, orders, quotes, rate):
    """Return the notional sold."""
    traded = 0.0
    for name, quantity in orders.items():
        if quantity >= 0.0 or isnan(quotes[name].open_tp1):
            continue
        held = account.shares.get(name, 0.0)
        sold = min(-quantity, held)
        if sold == 0.0:
            continue
        notional = sold * quotes[name].open_tp1
        account.cash += notional - notional * rate
        account.cost += notional * rate
        traded += notional
        account.shares[name] = held - sold
        if account.shares[name] == 0.0:
            del account.shares[name], account.entry[name]
    return traded


def buy(account, orders, quotes, rate):
    """Return the notional bought; all buys shrink by one factor where the cash does not suffice."""
    wanted = {n: q for n, q in orders.items() if q > 0.0 and not isnan(quotes[n].open_tp1)}
    needed = 0.0
    for name, quantity in wanted.items():
        needed += quantity * quotes[name].open_tp1 * (1.0 + rate)
    if needed == 0.0:
        return 0.0
    share = min(1.0, account.cash / needed)
    traded = 0.0
    for name, quantity in wanted.items():
        bought = quantity * share
        notional = bought * quotes[name].open_tp1
        if bought == 0.0:
            continue
        account.cash -= notional + notional * rate
        account.cost += notional * rate
        traded += notional
        held = account.shares.get(name, 0.0)
        paid = account.entry.get(name, 0.0) * held + notional
        account.shares[name] = held + bought
        account.entry[name] = paid / (held + bought)
    account.cash = max(account.cash, 0.0)
    return traded


def trade_one_bar(account, targets, quotes, rate):
    """Carry `account` from the close of bar t to the close of bar t+1."""
    equity_t = account.equity
    account.cost = 0.0
    orders = orders_of(account, targets, quotes)
    pay_out_delisted(account, orders, quotes)
    traded = sell(account, orders, quotes, rate) + 0.0
    traded += buy(account, orders, quotes, rate)
    account.turnover = traded / equity_t if equity_t > 0.0 else 0.0
    account.equity = account.cash
    for name, held in sorted(account.shares.items()):
        account.equity += held * quotes[name].close_tp1
    account.peak = max(account.peak, account.equity)
