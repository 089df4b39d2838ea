"""Turns a recording into the two tables of a track."""

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.backtest.engine import Recording
from ploutos.env.market import Market
from ploutos.execution.rules import DOLLAR_VOLUME, VOLATILITY, CostTable
from ploutos.execution.venue import Venue
from ploutos.types import Track
from ploutos.types.fields import CLOSE, HIGH, LOW, OPEN

Grid = npt.NDArray[np.float64]


def as_track(kept: Recording, market: Market, venue: Venue, *, fold: int, with_start: bool) -> Track:
    """Turn a recording into a `Track`; `with_start` keeps the bar before the first trade."""
    first = 0 if with_start else 1
    rows = slice(kept.rows.start + first, kept.rows.stop)
    ts = pl.Series("ts", market.ts[rows]).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    length, who = len(ts), market.roster.names(rows)
    account = {name: values[first:] for name, values in kept.account.items()}
    names = {name: values[first:] for name, values in kept.names.items()}
    bars = pl.DataFrame(
        {
            "ts": ts,
            "fold": np.full(length, fold, np.int32),
            **account,
            "forced": account["forced"] > 0,
            "gross": np.abs(names["weight"]).sum(axis=1),
            "net": names["weight"].sum(axis=1),
        }
    )
    grids = names | facts(market, venue.rules.costs, rows)
    # Columns that stand for nobody at a bar have no row; the others stand in the order of their tickers.
    order = np.argsort(np.where(who < 0, len(market.roster.tickers), who), axis=1, kind="stable")
    kept_names = np.take_along_axis(who, order, axis=1) >= 0
    row = np.nonzero(kept_names)[0]

    def long(grid: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.take_along_axis(grid, order, axis=1)[kept_names]

    positions = pl.DataFrame(
        {
            "ts": ts.gather(row),
            "fold": np.full(len(row), fold, np.int32),
            "ticker": pl.Series(market.roster.tickers, dtype=pl.String).gather(long(who)),
            **{name: long(grid) for name, grid in grids.items()},
        }
    ).with_columns(pl.col(pl.Float64).fill_nan(None))
    return Track(bars=bars, positions=positions)


def facts(market: Market, costs: CostTable, rows: slice) -> dict[str, Grid]:
    """Return, each [T, N], what the market brought in `rows` and what costs there depend on."""
    prices = market.tape.prices[0, rows]
    grids = {
        name: prices[:, k] for name, k in (("open", OPEN), ("high", HIGH), ("low", LOW), ("close", CLOSE))
    }
    return grids | corporate_actions(market, rows) | liquidity(costs, rows, grids["open"].shape)


def liquidity(costs: CostTable, rows: slice, shape: tuple[int, ...]) -> dict[str, Grid]:
    """Return volatility and traded value at the decision, the row before; NaN where costs ignore them."""
    known = {"volatility": np.full(shape, np.nan), "dollar_volume": np.full(shape, np.nan)}
    if costs.scaled:
        start = max(rows.start, 1)
        for name, k in (("volatility", VOLATILITY), ("dollar_volume", DOLLAR_VOLUME)):
            known[name][start - rows.start :] = costs.liquidity[0, start - 1 : rows.stop - 1, k]
    return known


def corporate_actions(market: Market, rows: slice) -> dict[str, Grid]:
    """Return splits (1: none), dividends and delisting payouts a share (NaN: none) of `rows`."""
    shape = (rows.stop - rows.start, market.assets)
    split, dividend, payout = np.ones(shape), np.zeros(shape), np.full(shape, np.nan)
    events = market.tape.events
    for row in range(max(rows.start, 1), rows.stop):
        for k in range(events.start[row], events.start[row + 1]):
            at = row - rows.start, events.asset[k]
            split[at], dividend[at] = events.split[k], events.dividend[k]
            before = market.close[0, row - 1, events.asset[k]] / events.split[k]
            payout[at] = before * (1.0 + events.delisting[k])
    return {"split": split, "dividend": dividend, "payout": payout}
