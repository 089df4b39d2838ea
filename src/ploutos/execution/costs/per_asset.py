"""The parameters of `Realistic`, ticker by ticker."""

from typing import Any

import numpy as np

from ploutos.execution.costs.realistic import Realistic
from ploutos.execution.roster import Roster
from ploutos.execution.rules import CostTable
from ploutos.execution.tape import read_only
from ploutos.types import NonNegativeFloat, checked, one_of

PARAMETERS = ("commission_bps", "half_spread_bps", "slippage", "impact", "borrow_bps_annual")
WHERE = "execution.costs.assets"


class PerAsset:
    """Costs of each ticker; what a ticker does not name is as in `default`.

    Parameters
    ----------
    default : for tickers, and parameters, that `assets` does not list; its `window_bars` holds for all.
    assets : ticker -> parameters of `Realistic` that differ.
    """

    @checked
    def __init__(self, *, default: Any, assets: dict[str, dict[str, NonNegativeFloat]]) -> None:
        self.default: Realistic = default
        self.window_bars = self.default.window_bars
        base = {name: getattr(self.default, name) for name in PARAMETERS}
        self.assets: dict[str, dict[str, float]] = {}
        for ticker, changes in assets.items():
            for name in changes:
                if name not in PARAMETERS:
                    raise one_of(f"{WHERE}.{ticker}", name, PARAMETERS)
            self.assets[ticker] = base | changes

    def table(self, roster: Roster) -> CostTable:
        """Return each asset's parameters; refuses tickers that the market does not have."""
        tickers = roster.tickers
        for ticker in self.assets:
            if ticker not in tickers:
                raise one_of(WHERE, ticker, tickers)
        table = self.default.table(roster)

        def column(names: tuple[str, ...], unit: float, default: np.ndarray) -> np.ndarray:
            values = np.full(len(tickers), default[0, 0])
            for ticker, parameters in self.assets.items():
                values[tickers.index(ticker)] = sum(parameters[name] for name in names) / unit
            return read_only(values[None] if roster.asset is None else values[np.maximum(roster.asset, 0)])

        return table._replace(
            fixed=column(("commission_bps", "half_spread_bps"), 10_000.0, table.fixed),
            slippage=column(("slippage",), 1.0, table.slippage),
            impact=column(("impact",), 1.0, table.impact),
            borrow_annual=column(("borrow_bps_annual",), 10_000.0, table.borrow_annual),
            by_row=roster.asset is not None,
        )
