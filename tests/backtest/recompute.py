"""Equity recomputed from the logged tables alone, bar by bar and ticker by ticker.

Written from docs/execution.md; imports nothing of Ploutos.
"""


def recompute_equity(positions, *, capital, cost_bps, max_position_weight=1.0):
    """Return [(ts, equity, cash)] from the rows of `positions.parquet`, oldest first."""
    rate = cost_bps / 10_000
    bars = {}
    for row in positions.iter_rows(named=True):
        bars.setdefault(row["ts"], []).append(row)
    cash, equity, shares, last_close = capital, capital, {}, {}
    told = []
    for number, (ts, rows) in enumerate(sorted(bars.items())):
        if number:
            orders = {}
            for row in rows:
                name, target = row["ticker"], row["target_weight"]
                held = shares.get(name, 0.0)
                if row["payout"] is not None:
                    cash += held * row["payout"]
                    shares[name] = 0.0
                elif target is not None and row["open"] is not None:
                    wanted = min(target, max_position_weight) * equity / last_close[name] if target else 0.0
                    orders[name] = (wanted - held, row["open"])
            for name, (quantity, price) in orders.items():
                if quantity < 0:
                    sold = min(-quantity, shares[name])
                    cash += sold * price * (1 - rate)
                    shares[name] -= sold
            buys = {name: order for name, order in orders.items() if order[0] > 0}
            needed = sum(quantity * price * (1 + rate) for quantity, price in buys.values())
            share = min(1.0, cash / needed) if needed else 0.0
            for name, (quantity, price) in buys.items():
                cash -= share * quantity * price * (1 + rate)
                shares[name] = shares.get(name, 0.0) + share * quantity
        last_close |= {row["ticker"]: row["close"] for row in rows}
        equity = cash + sum(held * last_close[name] for name, held in shares.items() if held)
        told.append((ts, equity, cash))
    return told
