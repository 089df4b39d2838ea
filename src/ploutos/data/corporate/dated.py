"""Splits and dividends that are known by date, not by bar: onto the bars with which they take effect."""

import polars as pl

from ploutos.data.calendars.calendar import microseconds
from ploutos.types.session import SessionClock


def attach(frame: pl.DataFrame, actions: pl.DataFrame, clock: SessionClock) -> pl.DataFrame:
    """Return `frame` with `split` (1 for none) and `dividend` (0 for none).

    An action stands on the ticker's first bar of the first session that is not before the action's date. One
    before the ticker's first session, or after its last, is left out. Where several meet on one bar, splits
    multiply and each dividend is stated per share after all of them.

    Parameters
    ----------
    frame : bars labelled by their close: `ts` (Datetime[us, UTC]), `ticker`. Attached before they are
        labelled, an action would be lost with a bar that is not kept.
    actions : `ticker`, `date` (Date), `split`, `dividend` (per share after its own split).
    clock : dates the bars.
    """
    dates = pl.Series(clock.dates(microseconds(frame["ts"])), dtype=pl.Int32).cast(pl.Date)
    sessions = frame.select("ticker", "ts", date=dates).group_by("ticker", "date").agg(pl.col("ts").min())
    sessions = sessions.sort("ticker", "date")
    begin = sessions.group_by("ticker").agg(pl.col("date").min().alias("begin"))
    split, dividend = pl.col("split"), pl.col("dividend")
    later = split.cum_prod().last() / split.cum_prod()
    placed = (
        actions.join(begin, on="ticker")
        .filter(pl.col("date") >= pl.col("begin"))
        .sort("ticker", "date")
        .join_asof(sessions, on="date", by="ticker", strategy="forward", check_sortedness=False)
        .drop_nulls("ts")
        .group_by("ticker", "ts", maintain_order=True)
        .agg(split.product(), (dividend / later).sum())
    )
    filled = split.fill_null(1.0), dividend.fill_null(0.0)
    joined = frame.join(placed, on=["ticker", "ts"], how="left", maintain_order="left")
    return joined.with_columns(*filled)
