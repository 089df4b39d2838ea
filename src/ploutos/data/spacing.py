"""Whether bars are as long as the config says."""

import polars as pl

from ploutos.types import DataError


def check_spacing(frame: pl.DataFrame, bar_minutes: int | None, *, file: str) -> None:
    """Refuse two bars of one ticker that lie closer than `bar_minutes`, in a frame sorted by (ticker, ts)."""
    if bar_minutes is None or not isinstance(frame.schema["ts"], pl.Datetime):
        return
    gap = pl.col("ts").diff().dt.total_microseconds() / 60_000_000
    same = pl.col("ticker") == pl.col("ticker").shift(1)
    close = frame.select("ticker", "ts", gap=gap, same=same).filter((pl.col("gap") < bar_minutes) & same)
    if not close.is_empty():
        ticker, ts, minutes, _ = close.row(0)
        raise DataError(
            f"{file}: ticker {ticker} at {ts.isoformat()}: only {minutes:g} minutes after the bar before,"
            f" but bar_minutes is {bar_minutes}"
        )
