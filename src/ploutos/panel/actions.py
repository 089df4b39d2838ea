"""From a table of splits and dividends to rows and columns of the panel."""

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.data.corporate.actions import check_actions
from ploutos.data.corporate.adjust import effective_rows
from ploutos.panel.align import Axis, time_of
from ploutos.types import Bars, one_of


def corporate_actions(bars: Bars, ts: Axis, tickers: tuple[str, ...]) -> dict[str, npt.NDArray[Any]]:
    """Return the fields `action_*` of `Panel`, sorted by row and column; several on one bar become one.

    Actions after a ticker's last bar are left out: nobody trades on their terms.

    Raises
    ------
    DataError
        An unknown ticker, a split that is not above 0 or a dividend that is not a finite number >= 0.
    """
    actions = bars.actions.sort("ticker", "ts", maintain_order=True)
    column = {ticker: n for n, ticker in enumerate(tickers)}
    for ticker in actions["ticker"].unique(maintain_order=True):
        if ticker not in column:
            raise one_of("actions: ticker", ticker, tickers)
    check_actions(actions)
    rows = effective_rows(bars.frame, actions)
    actions, rows = actions.filter(pl.Series(rows) >= 0), rows[rows >= 0]
    when = np.searchsorted(ts, time_of(bars.frame)[rows])
    found: dict[tuple[int, int], tuple[float, float]] = {}
    values = actions.select("ticker", "split", "dividend").iter_rows()
    for row, (ticker, split, dividend) in zip(when.tolist(), values, strict=True):
        key = row, column[ticker]
        before_split, before_dividend = found.get(key, (1.0, 0.0))
        found[key] = before_split * split, before_dividend / split + dividend
    keys = sorted(found)
    return {
        "action_bar": np.array([row for row, _ in keys], np.int32),
        "action_asset": np.array([asset for _, asset in keys], np.int32),
        "action_split": np.array([found[key][0] for key in keys], np.float64),
        "action_dividend": np.array([found[key][1] for key in keys], np.float64),
    }
