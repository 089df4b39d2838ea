"""From a table of splits and dividends to rows and columns of the panel."""

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.panel.align import Axis, time_of
from ploutos.types import Bars, DataError, one_of


def corporate_actions(bars: Bars, ts: Axis, tickers: tuple[str, ...]) -> dict[str, npt.NDArray[Any]]:
    """Return the fields `action_*` of `Panel`, sorted by row and column; several on one bar become one.

    Actions after a ticker's last bar are left out: nobody trades on their terms.

    Raises
    ------
    DataError
        An unknown ticker, a split that is not above 0 or a dividend that is not a finite number >= 0.
    """
    found: dict[tuple[int, int], tuple[float, float]] = {}
    actions = bars.actions.sort("ticker", "ts")
    for (name, *_), of_ticker in actions.group_by("ticker", maintain_order=True):
        ticker = str(name)
        if ticker not in tickers:
            raise one_of("actions: ticker", ticker, tickers)
        own = time_of(bars.frame.filter(pl.col("ticker") == ticker))
        columns = (of_ticker[c].to_numpy() for c in ("split", "dividend"))
        for time, split, dividend in zip(time_of(of_ticker), *columns, strict=True):
            if not (0.0 < split < np.inf and 0.0 <= dividend < np.inf):
                raise DataError(f"actions: {ticker} has split {split}, dividend {dividend}; need > 0, >= 0")
            position = int(np.searchsorted(own, time))
            if position < len(own):
                key = int(np.searchsorted(ts, own[position])), tickers.index(ticker)
                before_split, before_dividend = found.get(key, (1.0, 0.0))
                found[key] = before_split * split, before_dividend / split + dividend
    keys = sorted(found)
    return {
        "action_bar": np.array([row for row, _ in keys], np.int32),
        "action_asset": np.array([column for _, column in keys], np.int32),
        "action_split": np.array([found[key][0] for key in keys]),
        "action_dividend": np.array([found[key][1] for key in keys]),
    }
