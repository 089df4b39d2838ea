"""Backtests of a study's councils on altered prices, features recomputed from them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.backtest.engine import equity_paths
from ploutos.backtest.out_of_sample import contiguous_windows
from ploutos.data.corporate.adjust import forward_adjusted
from ploutos.env.market import Market
from ploutos.env.portfolio import Portfolio
from ploutos.execution.ledger import Ledger
from ploutos.execution.tape import read_only
from ploutos.panel.align import align_features, align_prices
from ploutos.panel.assemble import first_row_of_history, panel_bars, start_of_history
from ploutos.panel.blocks import FeatureSet
from ploutos.panel.panel import Panel
from ploutos.panel.slots import fill_slots, slot_prices
from ploutos.regime.fitted_regime import FittedRegime
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
        regimes: Sequence[FittedRegime | None] = (),
    ) -> None:
        """Take one council a fold and, where they see one, the regime that each was trained with."""
        self.panel = panel
        self.features = features
        self.environment = environment
        self.folds = folds
        self.councils = councils
        self.capital = capital
        self.regimes = regimes or [None] * len(folds)
        self.windows = contiguous_windows(folds, Market.of(panel))

    def noisy_equity(self, *, noise: float, paths: int, seed: int) -> npt.NDArray[np.float64]:
        """Return equity [paths, T] with every price multiplied by its own 1 + U(-noise, noise).

        Fills, marks and features all see the same altered prices; each path has its own generator, so path k
        does not depend on how many there are. T starts with the bar before the first trade.
        """
        first, last = self.windows[0].start - 1, self.windows[-1].stop
        shown = first_row_of_history(self.panel, first, self.environment.warmup_bars)
        rows = slice(min(shown, start_of_history(self.panel, self.features, first)), last)
        bars = panel_bars(self.panel, rows)
        chunk = max(1, min(paths, CHUNK_BYTES // self.panel.features[rows].nbytes))
        equity = []
        for start in range(0, paths, chunk):
            generators = [np.random.default_rng([seed, k]) for k in range(start, min(start + chunk, paths))]
            frames = [with_noise(bars.frame, noise, rng) for rng in generators]
            equity.append(self._run(self._market(frames, bars.actions, rows), rows))
        return np.concatenate(equity)

    def _market(self, frames: list[pl.DataFrame], actions: pl.DataFrame, rows: slice) -> Market:
        """Return the market of `rows` with one scenario per frame of bars; features begin within them."""
        panel, base = self.panel, Market.of(self.panel)
        ts, names = panel.ts[rows], panel.feature_names
        shape = (len(frames), len(ts), len(panel.tickers))
        asset = None if panel.slot_asset is None else panel.slot_asset[rows]
        features = np.empty((*shape[:2], base.assets, len(names)), np.float32)
        prices = np.empty((*shape[:2], 5, shape[2]))
        for k, frame in enumerate(frames):
            columns = self.features.compute(forward_adjusted(frame, actions), panel.signals)
            known = align_features(columns, ts, panel.tickers, names)
            if asset is None:
                features[k] = known
            else:
                fill_slots(known, asset, np.nan, features[k], 1)
            prices[k] = align_prices(frame, ts, panel.tickers)
        quotes = prices
        if asset is not None:
            quotes = np.stack([slot_prices(path, asset) for path in prices])
        return replace(
            base,
            ts=read_only(ts),
            features=read_only(features),
            macro=read_only(panel.macro[rows]),
            tape=base.tape.within(rows, read_only(quotes)),
            roster=base.roster.within(rows, read_only(prices)),
            truth=None,  # of the prices as they were
        )

    def _run(self, market: Market, rows: slice) -> npt.NDArray[np.float64]:
        paths = market.close.shape[0]
        ledger = Ledger.open(paths, market.assets, self.capital)
        pieces = [ledger.equity[:, None].copy()]
        seen = seen_regimes(self.regimes, self.panel, market.roster.prices, rows)
        for window, council, regime in zip(self.windows, self.councils, self.regimes, strict=True):
            inside = slice(window.start - rows.start, window.stop - rows.start)
            shown, columns = market, None
            if regime is not None:
                columns = seen[id(regime)]
                shown = market.with_macro(regime.names, columns[0])
            pieces.append(equity_paths(council, self.environment, shown, inside, ledger, columns))
        return np.concatenate(pieces, axis=1)


def seen_regimes(
    regimes: Sequence[FittedRegime | None], panel: Panel, prices: npt.NDArray[np.float64], rows: slice
) -> dict[int, npt.NDArray[np.float32]]:
    """Return, by the regime's `id`, its columns [P, rows, S] on each path of `prices` [P, rows, 5, N].

    Before `rows`, where its filter begins, the prices are those of the panel.
    """
    wanted = {id(regime): regime for regime in regimes if regime is not None}
    found: dict[int, list[npt.NDArray[np.float32]]] = {key: [] for key in wanted}
    if not wanted:
        return {}
    altered = np.array(panel.prices)
    for path in prices:
        # A name without a bar since `rows` began has the close that the panel carries forward.
        altered[rows] = np.where(np.isnan(path), panel.prices[rows], path)
        scenario = replace(panel, prices=altered)
        for key, regime in wanted.items():
            found[key].append(regime.columns(scenario)[1][rows])
    return {key: np.stack(columns) for key, columns in found.items()}


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
