"""Backtests of one member, and of a whole walk-forward on one continuous ledger."""

from collections.abc import Sequence

import polars as pl

from ploutos.backtest.engine import record
from ploutos.backtest.tables import as_track
from ploutos.env.market import Market
from ploutos.env.portfolio import Portfolio
from ploutos.execution.ledger import Ledger
from ploutos.types import ConfigError, Fold, Policy, PositiveFloat, Track, checked


class OutOfSample:
    """Runs policies over test windows, starting with `capital` in cash.

    The first decision is taken at the close of the last bar before a window and fills at its first open, so
    every bar of the window earns for the policy that is tested on it.
    """

    @checked
    def __init__(self, *, capital: PositiveFloat) -> None:
        self.capital = capital

    def single(
        self, policy: Policy, environment: Portfolio, market: Market, rows: slice, *, fold: int
    ) -> Track:
        """Run `policy` over `rows` alone."""
        ledger = Ledger.open(1, market.assets, self.capital)
        kept = record(policy, environment, market, rows, ledger)
        return as_track(kept, market, environment.venue(market), fold=fold, with_start=True)

    def stitched(
        self,
        folds: Sequence[Fold],
        policies: Sequence[Policy],
        environment: Portfolio,
        market: Market | Sequence[Market],
    ) -> Track:
        """Run each fold's policy over its own test window, one ledger throughout.

        Positions pass from one fold's policy to the next at market prices: no free liquidation in between.
        Where one policy follows itself (a baseline), its state carries on as well. Several markets, one a
        fold, differ in what is shown (`Market.with_macro`), never in prices.
        """
        markets = [market] * len(folds) if isinstance(market, Market) else market
        windows = contiguous_windows(folds, markets[0])
        ledger = Ledger.open(1, markets[0].assets, self.capital)
        tracks: list[Track] = []
        previous, state = None, None
        for fold, rows, policy, shown in zip(folds, windows, policies, markets, strict=True):
            state = state if policy is previous else None
            kept = record(policy, environment, shown, rows, ledger, state)
            tracks.append(
                as_track(kept, shown, environment.venue(shown), fold=fold.index, with_start=not tracks)
            )
            previous, state = policy, kept.state
        return Track(
            bars=pl.concat([track.bars for track in tracks]),
            positions=pl.concat([track.positions for track in tracks]),
        )


def contiguous_windows(folds: Sequence[Fold], market: Market) -> list[slice]:
    """Return the rows of each test window; refuses folds that leave a gap or overlap."""
    windows = [fold.test.rows(market.ts) for fold in folds]
    for left, right, fold in zip(windows[:-1], windows[1:], folds[1:], strict=True):
        if left.stop != right.start:
            raise ConfigError(
                f"fold: the test window of fold {fold.index} starts at row {right.start}, the one before ends"
                f" at row {left.stop}; a study needs consecutive folds"
            )
    return windows
