"""The features with pandas: whole columns, no loop over rows. Tests compare values with it."""

import numpy as np
import pandas as pd

from benchmarks.features.pandas_set import (
    calendar,
    efficiency,
    levels,
    market,
    ranges,
    returns,
    reversion,
    trend,
    volatility,
    volume,
)
from benchmarks.features.pandas_set.sheet import Sheet

# Each fills the table of formulas when it is imported.
FAMILIES = [returns, volatility, trend, reversion, volume, ranges, levels, efficiency, calendar, market]


def features(bars: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return features of one ticker's bars: prices, volume and market, with local time as index."""
    sheet = Sheet(bars)
    return pd.DataFrame({name: sheet.column(name) for name in names}).astype(np.float32)
