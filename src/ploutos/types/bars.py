"""What a source yields: bars of many tickers in one long frame."""

from dataclasses import dataclass, field
from typing import Any

import polars as pl

PRICE_COLUMNS = ("open", "high", "low", "close")
BAR_COLUMNS = ("ts", "ticker", *PRICE_COLUMNS, "volume")


def no_delistings() -> pl.DataFrame:
    """Return the empty delisting table."""
    return pl.DataFrame(
        schema={"ticker": pl.String, "ts": pl.Datetime("us", "UTC"), "delisting_return": pl.Float64}
    )


def no_actions() -> pl.DataFrame:
    """Return the empty table of splits and dividends."""
    return pl.DataFrame(
        schema={
            "ticker": pl.String,
            "ts": pl.Datetime("us", "UTC"),
            "split": pl.Float64,
            "dividend": pl.Float64,
        }
    )


@dataclass(frozen=True, kw_only=True)
class Bars:
    """Bars of one market, sorted by (ticker, ts), unique in (ticker, ts).

    Attributes
    ----------
    frame : columns `ts` (Datetime[us, UTC], the bar's **close** time), `ticker` (String), `open`, `high`,
        `low`, `close` (Float64, > 0, quote currency), `volume` (Float64, >= 0, shares), then `signals`.
    signals : names of extra per-asset columns known at `ts`; feature sets pass them through unchanged.
    delistings : `ticker`, `ts` (close time of its last bar), `delisting_return` (fraction of the last
        close; the holding is worth last close x (1 + delisting_return) at the market's next bar).
    actions : `ticker`, `ts`, `split` (new shares for one old share, 1 for none), `dividend` (currency per
        share after the split, 0 for none); in effect from the open of the ticker's first bar that closes at
        or after `ts`. Empty where prices are adjusted. A column `factor`, where there is one and not null, is
        what the action multiplies forward-adjusted prices by (see `data.corporate.adjust`).
    expected_return : `ts`, `ticker`, `expected_return`, sorted as `frame`: conditional expected simple return
        of the *next* bar given all hidden state at `ts`. Synthetic markets only; never an input to features.
    quality : counts of what was read, dropped and found, for the data-quality report.
    """

    frame: pl.DataFrame
    signals: tuple[str, ...] = ()
    delistings: pl.DataFrame = field(default_factory=no_delistings)
    actions: pl.DataFrame = field(default_factory=no_actions)
    expected_return: pl.DataFrame | None = None
    quality: dict[str, Any] = field(default_factory=dict)
