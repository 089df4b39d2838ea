"""One portfolio, one bar, spelled out in the order of docs/execution.md. Imports nothing of Ploutos."""

from math import trunc

from reference_books import DUST, TIE, Done, profit


def trade_one_bar(portfolio, targets, quotes, rules, clock):
    """Carry `portfolio` from the close of bar t to that of bar t+1. `targets`: name -> weight or None."""
    equity_t, alive = portfolio.equity, not portfolio.broke
    portfolio.bar = Done()
    orders = decide(portfolio, targets, quotes, rules, clock)
    corporate_actions(portfolio, orders, quotes, rules)
    gapped_stops(portfolio, orders, quotes, rules)
    if rules.fill != "next_open":
        stops_inside_the_bar(portfolio, orders, quotes, rules)
    sell(portfolio, orders, quotes, rules)
    buy(portfolio, orders, quotes, rules, equity_t)
    if rules.fill == "next_open":
        stops_inside_the_bar(portfolio, orders, quotes, rules)
    fees_for_time(portfolio, quotes, rules, clock)
    mark(portfolio, quotes, rules)
    portfolio.bar.turnover = portfolio.bar.notional / equity_t if alive else 0.0
    limits(portfolio, rules, clock)


# 1. Orders are fixed at the close of t.


def decide(portfolio, targets, quotes, rules, clock):
    """Return {name: signed shares}."""
    if portfolio.broke:
        return {}
    weights = {name: weight(portfolio, name, quote) for name, quote in quotes.items()}
    targets = overrule(portfolio, targets, quotes, rules, clock)
    if rules.trim_drift:
        for name, v in weights.items():
            if targets[name] is None and abs(v) > rules.max_position_weight * (1 + TIE):
                targets[name] = v
    targets = {name: clip(w, rules) for name, w in targets.items()}
    if rules.margin:
        targets = within_gross(targets, weights, rules)
        targets = within_net(targets, weights, rules.max_net_leverage)
    return {name: order(portfolio, name, targets[name], quote, rules) for name, quote in quotes.items()}


def weight(portfolio, name, quote):
    held = portfolio.shares(name)
    return held * quote.close_t / portfolio.equity if held else 0.0


def overrule(portfolio, targets, quotes, rules, clock):
    gross = sum(abs(p.shares) * quotes[name].close_t for name, p in portfolio.positions.items())
    margin_call = rules.margin and portfolio.equity < rules.maintenance_margin * gross * (1 - TIE)
    portfolio.bar.forced = clock.row < portfolio.flat_until or margin_call
    if portfolio.bar.forced:
        return dict.fromkeys(quotes, 0.0)
    return {
        name: targets[name] if quote.member_t and name not in portfolio.cooldown else 0.0
        for name, quote in quotes.items()
    }


def clip(w, rules):
    if w is None:
        return None
    lowest = -rules.max_position_weight if rules.allow_short else 0.0
    return min(max(w, lowest), rules.max_position_weight)


def within_gross(targets, weights, rules):
    held = sum(abs(weights[name]) for name, w in targets.items() if w is None)
    wanted = sum(abs(w) for w in targets.values() if w is not None)
    if held + wanted <= rules.max_gross_leverage:
        return targets
    if rules.trim_drift:
        targets = {name: weights[name] if w is None else w for name, w in targets.items()}
        held, wanted = 0.0, held + wanted
    if wanted == 0:
        return targets
    factor = max(0.0, (rules.max_gross_leverage - held) / wanted)
    return {name: None if w is None else w * factor for name, w in targets.items()}


def within_net(targets, weights, cap):
    net = sum(weights[name] if w is None else w for name, w in targets.items())
    if abs(net) <= cap:
        return targets
    side = 1.0 if net > 0 else -1.0
    same_side = sum(w for w in targets.values() if w is not None and w * side > 0)
    if same_side == 0:
        return targets
    factor = max(0.0, (side * cap - (net - same_side)) / same_side)
    return {n: w * factor if w is not None and w * side > 0 else w for n, w in targets.items()}


def order(portfolio, name, w, quote, rules):
    held = portfolio.shares(name)
    if w is None:
        return 0.0
    if abs(w) < DUST:
        return -held
    wanted = w * portfolio.equity / quote.close_t
    shares = (trunc(wanted) if rules.whole_shares else wanted) - held
    return 0.0 if abs(shares) * quote.close_t < least(portfolio.equity, rules) else shares


def least(equity_t, rules):
    return max(DUST * equity_t, rules.min_trade_value * (1 - TIE))


# 2. Corporate actions of bar t+1.


def corporate_actions(portfolio, orders, quotes, rules):
    for name, quote in quotes.items():
        if quote.split != 1:
            orders[name] = after_split(orders.get(name, 0.0), quote, rules)
            split(portfolio, name, quote, rules)
        if name in portfolio.positions:
            received = portfolio.shares(name) * quote.dividend
            portfolio.cash += received
            portfolio.dividends += received
        if quote.delisting is not None:
            orders[name] = 0.0
            delist(portfolio, name, quote)


def after_split(shares, quote, rules):
    return trunc(shares * quote.split) if rules.whole_shares else shares * quote.split


def split(portfolio, name, quote, rules):
    if name not in portfolio.positions:
        return
    position = portfolio.positions[name]
    position.shares *= quote.split
    position.entry /= quote.split
    position.best /= quote.split
    if rules.whole_shares:
        pay_fraction(portfolio, name, position, quote.close_t / quote.split)


def pay_fraction(portfolio, name, position, price):
    whole = trunc(position.shares)
    fraction = position.shares - whole
    portfolio.cash += fraction * price
    portfolio.realised += profit(position, price, abs(fraction))
    position.shares = float(whole)
    if whole == 0:
        del portfolio.positions[name]


def delist(portfolio, name, quote):
    if name in portfolio.positions:
        price = quote.close_t / quote.split * (1 + quote.delisting)
        portfolio.cash += portfolio.shares(name) * price
        portfolio.close_shares(name, price)


# 3. and 5. Stops.


def levels(position, rules):
    """Return the prices (stop, target) at which a position is closed; None where there is none."""
    side = 1 if position.shares > 0 else -1
    stops = []
    if rules.stop_loss is not None:
        stops.append(position.entry * (1 - side * rules.stop_loss))
    if rules.trailing_stop is not None:
        stops.append(position.best * (1 - side * rules.trailing_stop))
    nearest = max if side > 0 else min
    target = None if rules.take_profit is None else position.entry * (1 + side * rules.take_profit)
    return (nearest(stops) if stops else None), target


def stop_hit(position, stop, low, high):
    return stop is not None and (low <= stop * (1 + TIE) if position.shares > 0 else high >= stop * (1 - TIE))


def target_hit(position, target, low, high):
    return target is not None and (
        high >= target * (1 - TIE) if position.shares > 0 else low <= target * (1 + TIE)
    )


def gapped_stops(portfolio, orders, quotes, rules):
    for name, quote in quotes.items():
        if name not in portfolio.positions or quote.open is None:
            continue
        position = portfolio.positions[name]
        stop, target = levels(position, rules)
        at_open = quote.open, quote.open
        if stop_hit(position, stop, *at_open) or target_hit(position, target, *at_open):
            close_by_stop(portfolio, orders, name, quote.open, quote, rules)


def stops_inside_the_bar(portfolio, orders, quotes, rules):
    for name, quote in quotes.items():
        if name not in portfolio.positions or quote.open is None:
            continue
        position = portfolio.positions[name]
        stop, target = levels(position, rules)
        if stop_hit(position, stop, quote.low, quote.high):
            close_by_stop(portfolio, orders, name, stop, quote, rules)
        elif target_hit(position, target, quote.low, quote.high):
            close_by_stop(portfolio, orders, name, target, quote, rules)


def close_by_stop(portfolio, orders, name, price, quote, rules):
    portfolio.fill(name, -portfolio.shares(name), price, quote)
    orders[name] = 0.0
    if rules.cooldown_bars:
        portfolio.cooldown[name] = rules.cooldown_bars + 1  # the close of this bar takes one off


# 4. Orders fill at f.


def sell(portfolio, orders, quotes, rules):
    for name, shares in orders.items():
        quote = quotes[name]
        if not rules.allow_short:
            shares = max(shares, -portfolio.shares(name))
        if shares < 0 and quote.open is not None:
            portfolio.fill(name, shares, quote.fill_price(rules.fill), quote)


def buy(portfolio, orders, quotes, rules, equity_t):
    buys = {n: shares for n, shares in orders.items() if shares > 0 and quotes[n].open is not None}
    price = {name: quotes[name].fill_price(rules.fill) for name in buys}
    needed = 0.0
    for name, shares in buys.items():
        notional = shares * price[name]
        needed += notional * (1 + quotes[name].cost_rate(notional))
    if not rules.margin and needed > portfolio.cash:
        factor = portfolio.cash / needed
        buys = {n: trunc(q * factor) if rules.whole_shares else q * factor for n, q in buys.items()}
        buys = {n: q for n, q in buys.items() if q * price[n] >= least(equity_t, rules)}
    for name, shares in buys.items():
        if shares > 0:
            portfolio.fill(name, shares, price[name], quotes[name])
    if not rules.margin:
        portfolio.cash = max(portfolio.cash, 0.0)


# 6. Fees for time, mark.


def fees_for_time(portfolio, quotes, rules, clock):
    borrowed = 0.0
    for name, position in portfolio.positions.items():
        if position.shares < 0:
            value = -position.shares * quotes[name].close
            borrowed += value * quotes[name].costs.borrow_bps_annual / 10_000 * clock.years
    portfolio.cash -= borrowed
    interest = 0.0
    if portfolio.cash < 0:
        interest = -portfolio.cash * rules.interest_bps_annual / 10_000 * clock.years
    portfolio.cash -= interest
    portfolio.financing += borrowed + interest


def mark(portfolio, quotes, rules):
    portfolio.equity = portfolio.cash + sum(
        portfolio.shares(name) * quote.close for name, quote in quotes.items() if name in portfolio.positions
    )
    if portfolio.broke and portfolio.positions:
        for name in list(portfolio.positions):
            portfolio.close_shares(name, quotes[name].close)
        portfolio.cash = portfolio.equity
    portfolio.peak = max(portfolio.peak, portfolio.equity)
    portfolio.cooldown = {name: left - 1 for name, left in portfolio.cooldown.items() if left > 1}
    for name, position in portfolio.positions.items():
        watch(position, quotes[name], rules)


def watch(position, quote, rules):
    whole_bar_seen = position.age > 0 or rules.fill == "next_open"
    if quote.open is not None and whole_bar_seen:
        best = max(position.best, quote.high) if position.shares > 0 else min(position.best, quote.low)
        position.best = best
    position.age += 1


# 7. Limits of the whole portfolio.


def limits(portfolio, rules, clock):
    now = clock.row + 1
    portfolio.limit_peak = max(portfolio.limit_peak, portfolio.equity)
    if rules.max_drawdown is not None and portfolio.equity <= drawdown_limit(portfolio, rules):
        portfolio.limit_peak = portfolio.equity
        flatten_until(portfolio, clock.row + max(1, rules.cooldown_bars))
    if rules.max_session_loss is not None:
        floor = portfolio.session_base * (1 - rules.max_session_loss) * (1 + TIE)
        if portfolio.equity <= floor:
            flatten_until(portfolio, max(now, clock.session_last - 1))
    if now == clock.session_last:
        portfolio.session_base = portfolio.equity


def drawdown_limit(portfolio, rules):
    return portfolio.limit_peak * (1 - rules.max_drawdown) * (1 + TIE)


def flatten_until(portfolio, last_decision):
    portfolio.flat_until = max(portfolio.flat_until, last_decision + 1)
