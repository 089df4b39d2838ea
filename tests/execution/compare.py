"""What the kernel and the reference must agree on after every bar."""

import math

from arena import CAPITAL, run_kernel, run_reference

CLOSE = 1e-12
TOTALS = ("cash", "equity", "peak", "realised", "costs", "dividends", "financing")


def disagreements(episode, rulebook, *, capital=CAPITAL):
    """Return every difference as a line of text, empty where the kernel is the reference."""
    told = run_kernel(episode, rulebook.parts, capital=capital)
    found = []
    for b in range(len(episode.start)):
        scale = equity = capital
        for k, portfolio in enumerate(run_reference(episode, rulebook, b, capital=capital)):
            scale = scale_of(portfolio, scale)
            ratio = scale / abs(equity) if equity else 1.0  # a share of a small equity is as inexact as it
            turnover = max(1.0, portfolio.bar.turnover) * ratio
            units = {"money": scale, "shares": scale / 20.0, "turnover": turnover}
            pairs = compared(told[k], portfolio, episode.market.roster.tickers, b)
            found += [
                f"bar {k}, portfolio {b}, {what}: kernel {got!r}, reference {want!r}"
                for what, got, want, unit in pairs
                if not same(got, want, units.get(unit, 0.0))
            ]
            equity = portfolio.equity
    return found


def same(got, want, scale):
    return bool(got == want) or math.isclose(got, want, rel_tol=CLOSE, abs_tol=CLOSE * scale)


def scale_of(portfolio, before):
    """Sums of large amounts that cancel are exact to a share of the amounts, not of their sum."""
    held = sum(abs(p.shares) * max(p.best, p.entry) for p in portfolio.positions.values())
    return max(before, held, abs(portfolio.cash), portfolio.bar.notional)


def compared(step, portfolio, tickers, b):
    """Yield (what, kernel's, reference's, unit)."""
    ledger, outcome, bar = step.ledger, step.outcome, portfolio.bar
    for what in TOTALS:
        yield what, getattr(ledger, what)[b], getattr(portfolio, what), "money"
    yield "forced", outcome.forced[b], portfolio.bar.forced, ""
    yield "turnover", outcome.turnover[b], bar.turnover, "turnover"
    yield "cost", outcome.cost[b], bar.cost, "money"
    for n, name in enumerate(tickers):
        position = portfolio.positions.get(name)
        shares, entry, best, age = (
            (position.shares, position.entry, position.best, position.age) if position else (0.0,) * 4
        )
        age = -portfolio.cooldown.get(name, 0) if position is None else age
        yield f"shares of {name}", ledger.shares[b, n], shares, "shares"
        yield f"entry of {name}", ledger.entry[b, n], entry, ""
        yield f"best of {name}", ledger.best[b, n], best, ""
        yield f"age of {name}", ledger.age[b, n], age, ""
        yield f"traded of {name}", outcome.traded[b, n], bar.traded.get(name, 0.0), "shares"
        yield f"fees of {name}", outcome.fees[b, n], bar.fees.get(name, 0.0), "money"
