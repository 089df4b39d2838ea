"""Real hourly bars of the regular session."""

from pathlib import Path

import polars as pl

ZONE = "America/New_York"


def hourly_bars(real_data: Path) -> pl.DataFrame:
    """Return bars of 15 tickers, sorted by (ticker, ts), labelled by their close."""
    raw = pl.read_parquet(real_data / "ploutos_us_hourly_2020_2026_UTC.parquet")
    raw = raw.rename({name: name.lower() for name in raw.columns})
    time = next(name for name in raw.columns if raw[name].dtype.is_temporal())
    symbol = next(name for name in ("ticker", "symbol") if name in raw.columns)
    numbers = (pl.col(c).cast(pl.Float64) for c in ("open", "high", "low", "close", "volume"))
    return (
        raw.rename({time: "ts", symbol: "ticker"})
        .with_columns(pl.col("ts").cast(pl.Datetime("us", "UTC")) + pl.duration(hours=1))
        .filter(pl.col("ts").dt.convert_time_zone(ZONE).dt.hour().is_between(11, 16))
        .select("ts", "ticker", *numbers)
        .sort("ticker", "ts")
    )


def with_market(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the bars with the market's return: the mean of all log returns at that time."""
    moves = frame.with_columns(market=(pl.col("close") / pl.col("close").shift(1).over("ticker")).log())
    market = moves.group_by("ts").agg(pl.col("market").mean())
    return frame.join(market, on="ts", how="left").sort("ticker", "ts")
