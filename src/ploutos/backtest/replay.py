"""Backtests of a study's councils on altered prices, features recomputed from them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.backtest.engine import equity_paths
from ploutos.backtest.out_of_sample import contiguous_windows
from ploutos.env.market import Market, read_only
from ploutos.env.portfolio import Portfolio
from ploutos.execution.ledger import Ledger
from ploutos.panel.align import align_features, align_prices
from ploutos.panel.assemble import FeatureSet, first_row_of_history, panel_bars
from ploutos.panel.panel import Panel
from ploutos.types import Fold, Policy
from ploutos.types.bars import PRICE_COLUMNS

CHUNK_BYTES = 2_000_000_000  # of features held at once


class CouncilReplay:
    """Runs each fold's council again, one ledger per path throughout (see `OutOfSample.stitched`)."""

    def __init__(
        self,
        *,
        panel: Panel,
        features: FeatureSet,
        environment: Portfolio,
        folds: Sequence[Fold],
        councils: Sequence[Policy],
        capital: float,
    ) -> None:
        self.panel = panel
        self.features = features
        self.environment = environment
        self.folds = folds
        self.councils = councils
        self.capital = capital
        self.windows = contiguous_windows(folds, Market.of(panel))

    def noisy_equity(self, *, noise: float, paths: int, seed: int) -> npt.NDArray[np.float64]:
        """Return equity [paths, T] with every price multiplied by its own 1 + U(-noise, noise).

        Fills, marks and features all see the same altered prices; each path has its own generator, so path k
        does not depend on how many there are. T starts with the bar before the first trade.
        """
        first, last = self.windows[0].start - 1, self.windows[-1].stop
        begin = first_row_of_history(self.panel, first, self.features.warmup_bars)
        bars = panel_bars(self.panel, slice(begin, last))
        size = self.panel.features[first:last].nbytes
        chunk = max(1, min(paths, CHUNK_BYTES // size))
        equity = []
        for start in range(0, paths, chunk):
            generators = [np.random.default_rng([seed, k]) for k in range(start, min(start + chunk, paths))]
            frames = [with_noise(bars.frame, noise, rng) for rng in generators]
            equity.append(self._run(self._market(frames, begin, first, last), offset=first))
        return np.concatenate(equity)

    def _market(self, frames: list[pl.DataFrame], begin: int, first: int, last: int) -> Market:
        """Return the market of rows [first, last) with one scenario per frame of bars [begin, last)."""
        panel = self.panel
        ts, keep = panel.ts[begin:last], first - begin
        names, signals = panel.feature_names, panel.signals
        shape = (len(frames), last - first, len(panel.tickers))
        features = np.empty((*shape, len(names)), np.float32)
        open_, close = np.empty(shape), np.empty(shape)
        for k, frame in enumerate(frames):
            columns = self.features.compute(frame, signals)
            features[k] = align_features(columns, ts, panel.tickers, names)[keep:]
            prices = align_prices(frame, ts, panel.tickers)
            open_[k], close[k] = prices.open[keep:], prices.close[keep:]
        rows = slice(first, last)
        return replace(
            Market.of(panel),
            ts=read_only(panel.ts[rows]),
            features=read_only(features),
            open=read_only(open_),
            close=read_only(close),
            member=read_only(panel.member[rows]),
            macro=read_only(panel.macro[rows]),
            delist_bar=read_only(
                np.where(panel.delist_bar >= 0, panel.delist_bar - first, -1).astype(np.int32)
            ),
        )

    def _run(self, market: Market, *, offset: int) -> npt.NDArray[np.float64]:
        paths = market.close.shape[0]
        ledger = Ledger.open(paths, len(market.tickers), self.capital)
        pieces = [ledger.equity[:, None].copy()]
        for rows, council in zip(self.windows, self.councils, strict=True):
            inside = slice(rows.start - offset, rows.stop - offset)
            pieces.append(equity_paths(council, self.environment, market, inside, ledger))
        return np.concatenate(pieces, axis=1)


def with_noise(frame: pl.DataFrame, noise: float, rng: np.random.Generator) -> pl.DataFrame:
    """Return bars whose open, high, low and close each moved by a factor of 1 + U(-noise, noise).

    High and low are widened where needed to enclose open and close.
    """
    factors = 1.0 + rng.uniform(-noise, noise, (len(PRICE_COLUMNS), frame.height))
    moved = frame.with_columns(
        pl.Series(name, frame[name].to_numpy() * factors[k]) for k, name in enumerate(PRICE_COLUMNS)
    )
    return moved.with_columns(
        pl.max_horizontal("open", "high", "close").alias("high"),
        pl.min_horizontal("open", "low", "close").alias("low"),
    )
