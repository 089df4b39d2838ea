"""Runs a venue on an episode as the simulator does, and the reference beside it."""

import math
from dataclasses import dataclass

import numpy as np
import reference_books as books
from episodes import Episode
from reference import trade_one_bar
from slow_liquidity import liquidity

from hand_market import make_market
from ploutos.execution.ledger import Ledger
from ploutos.execution.outcome import Outcome
from ploutos.execution.venue import Venue

CAPITAL = 1_000_000.0
YEAR = 365 * 86_400 * 1_000_000  # microseconds


@dataclass(frozen=True)
class Step:
    """After one bar: rows [B] at whose close the ledger now stands."""

    row: np.ndarray
    ledger: Ledger
    outcome: Outcome


def run_kernel(episode, parts, *, capital=CAPITAL):
    """Return a `Step` for every bar, each with its own copy of the ledger and the outcome."""
    market = episode.market
    venue = Venue.of(market.roster, market.tape, **parts)
    batch, assets = episode.targets.shape[1:]
    ledger, row = Ledger.open(batch, assets, capital), episode.start.astype(np.int64)
    told = []
    for targets in episode.targets:
        outcome = Outcome.empty(batch, assets, detailed=True)
        scenario = episode.scenario.astype(np.int64)
        venue.step(ledger, np.ascontiguousarray(targets, np.float64), scenario, row, outcome)
        row = row + 1
        told.append(Step(row, ledger.copy(), outcome))
    return told


def run_reference(episode, rulebook, b, *, capital=CAPITAL):
    """Yield the reference's portfolio `b` after every bar."""
    names = episode.market.roster.tickers
    portfolio = books.Portfolio.with_capital(capital)
    p, row = int(episode.scenario[b]), int(episode.start[b])
    tape = bars_by_name(episode, p)
    for targets in episode.targets[:, b]:
        wanted = {n: None if math.isnan(w) else float(w) for n, w in zip(names, targets, strict=True)}
        quotes = {name: quote(episode, rulebook, tape[n], n, row) for n, name in enumerate(names)}
        trade_one_bar(portfolio, wanted, quotes, rulebook.rules, clock(episode, row))
        row += 1
        yield portfolio


def bars_by_name(episode, p):
    """Return for each name its rows of (open, high, low, close, volume)."""
    prices = episode.market.tape.prices[p]
    return [[tuple(map(float, bar)) for bar in prices[:, :, n]] for n in range(prices.shape[2])]


def quote(episode, rulebook, bars, n, t):
    def known(x):
        return None if math.isnan(x) else x

    opens, highs, lows, close, _ = bars[t + 1]
    volatility, traded = 0.0, 0.0
    if rulebook.window_bars:
        own = [
            (o, c, v, episode.splits.get((k, n), 1.0), episode.dividends.get((k, n), 0.0))
            for k, (o, _, _, c, v) in enumerate(bars[: t + 1])
        ]
        volatility, traded = liquidity(own, t, rulebook.window_bars)
    return books.Quote(
        close_t=bars[t][3],
        member_t=bool(episode.market.member[t, n]),
        open=known(opens),
        high=known(highs),
        low=known(lows),
        close=close,
        costs=rulebook.costs[n],
        volatility_t=volatility,
        dollar_volume_t=traded,
        split=episode.splits.get((t + 1, n), 1.0),
        dividend=episode.dividends.get((t + 1, n), 0.0),
        delisting=episode.delistings.get((t + 1, n)),
    )


def clock(episode, t):
    ts, length, rows = episode.market.ts, episode.bars_per_session, len(episode.market.ts)
    last = min((t + 1) // length * length + length, rows) - 1
    return books.Clock(t, float(ts[t + 1] - ts[t]) / YEAR, last)


def episode_by_hand(opens, closes, targets, *, splits=(), dividends=(), bars_per_session=7, **market):
    """Return the episode of one portfolio with `targets` [K, N] from row 0."""
    made = make_market(
        opens, closes, splits=splits, dividends=dividends, bars_per_session=bars_per_session, **market
    )
    gone = zip(market.get("delist_bar", ()), market.get("delist_return", ()), strict=True)
    return Episode(
        market=made,
        splits={(t, n): x for t, n, x in splits},
        dividends={(t, n): x for t, n, x in dividends},
        delistings={(t, n): x for n, (t, x) in enumerate(gone) if t >= 0},
        bars_per_session=bars_per_session,
        targets=np.array(targets, float)[:, None],
        scenario=np.zeros(1, np.int64),
        start=np.zeros(1, np.int64),
    )
