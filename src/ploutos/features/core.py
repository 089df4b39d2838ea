"""About thirty causal, stationary features of one asset's own bars."""

from typing import Annotated, Any

import polars as pl
from pydantic import Field

from ploutos.features.families.calendar import calendar_features
from ploutos.features.families.cross_section import centred_rank, cross_section
from ploutos.features.families.oscillators import oscillators
from ploutos.features.families.ranges import ranges
from ploutos.features.families.returns import returns
from ploutos.features.families.trend import trend
from ploutos.features.families.volatility import volatility
from ploutos.features.families.volume import volume
from ploutos.features.feature import Feature, with_base
from ploutos.features.window import with_windows
from ploutos.types import ConfigError, DataError, PositiveInt, checked

Windows = Annotated[list[PositiveInt], Field(min_length=1)]
Spread = Annotated[int, Field(ge=2)]  # a window in which something can vary


class Core:
    """Ratios only: no feature shows a price level, so scaling a whole history changes nothing.

    Every value depends on the last `warmup_bars` + 1 rows of its ticker (cross-sectional ones: of all
    tickers) and on nothing else, to the last bit: neither what follows nor what came before.
    Windows count a ticker's own bars; gaps are skipped.

    NaN: a value is NaN where its window reaches before the ticker's first bar or holds a NaN, and only there.
    A window without movement or without volume gives 0, never infinity.
    """

    @checked
    def __init__(
        self,
        *,
        calendar: Any,
        return_bars: Windows,
        momentum_bars: PositiveInt,
        volatility_bars: Annotated[list[Spread], Field(min_length=1)],
        downside_bars: PositiveInt,
        trend_bars: Annotated[list[Spread], Field(min_length=1)],
        choppiness_bars: Spread,
        oscillator_bars: Spread,
        band_bars: Spread,
        volume_fast_bars: PositiveInt,
        volume_slow_bars: Spread,
        atr_bars: PositiveInt,
        extreme_bars: PositiveInt,
        rank_bars: Windows,
    ) -> None:
        self.session_timezone: str = calendar.timezone
        self.features: tuple[Feature, ...] = (
            *returns(return_bars, momentum_bars),
            *volatility(volatility_bars, downside_bars),
            *trend(trend_bars, choppiness_bars),
            *oscillators(oscillator_bars, band_bars),
            *volume(volume_fast_bars, volume_slow_bars),
            *ranges(atr_bars, extreme_bars),
            *calendar_features(self.session_timezone),
            *cross_section(rank_bars),
        )
        names = [feature.name for feature in self.features]
        for name in names:
            if names.count(name) > 1:
                raise ConfigError(f"features: '{name}' is declared twice; a window is repeated in a list")

    @property
    def warmup_bars(self) -> int:
        """Rows of a ticker that precede its first row without NaN."""
        return max(feature.history for feature in self.features)

    def names(self, signals: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the feature columns, `signals` last.

        Raises
        ------
        ConfigError
            A signal carries the name of a feature.
        """
        own = tuple(feature.name for feature in self.features)
        for signal in signals:
            if signal in own:
                raise ConfigError(f"data.signals: '{signal}' is already the name of a feature")
        return (*own, *signals)

    def compute(self, frame: pl.DataFrame, signals: tuple[str, ...]) -> pl.DataFrame:
        """Return `ts`, `ticker` and `names(signals)` (Float32), row by row as in `frame`.

        Parameters
        ----------
        frame : DataFrame
            Bars sorted by (ticker, ts), see `ploutos.types.Bars`.
        signals : tuple of str
            Columns of `frame` that pass through unchanged.

        Raises
        ------
        DataError
            `frame` is not sorted by (ticker, ts), unique in them.
        """
        wide = self.by_ticker(frame, signals)
        time = wide["ts"].to_physical().to_numpy()
        ranks = (pl.Series(name, centred_rank(time, wide[name].to_numpy())) for name in self.ranked)
        return wide.with_columns(rank.cast(pl.Float32) for rank in ranks)

    @property
    def ranked(self) -> tuple[str, ...]:
        """Return the columns that depend on other tickers: `by_ticker` leaves them to be ranked."""
        return tuple(feature.name for feature in self.features if feature.ranked)

    def by_ticker(self, frame: pl.DataFrame, signals: tuple[str, ...]) -> pl.DataFrame:
        """Return what `compute` returns, but with the values to rank (Float64) in the columns `ranked`.

        Each ticker's rows depend on its own bars alone, so `frame` may hold any part of the tickers.
        """
        names = self.names(signals)
        _check_sorted(frame)
        values = [feature.value.alias(feature.name) for feature in self.features]
        columns = [
            value.cast(pl.Float64 if feature.ranked else pl.Float32)
            for value, feature in zip(values, self.features, strict=True)
        ]
        wide = with_windows(with_base(frame), values).select(
            "ts", "ticker", *columns, *(pl.col(signal).cast(pl.Float32) for signal in signals)
        )
        return wide.with_columns(pl.col(names).fill_null(float("nan")))

    def fingerprint(self) -> dict[str, Any]:
        """Return what decides the values besides the code, JSON-ready."""
        return {
            "features": "core",
            "names": [feature.name for feature in self.features],
            "session_timezone": self.session_timezone,
        }


def _check_sorted(frame: pl.DataFrame) -> None:
    """Refuse a frame whose rows are not strictly increasing in (ticker, ts)."""
    ticker, ts = pl.col("ticker"), pl.col("ts")
    follows = (ticker > ticker.shift(1)) | ((ticker == ticker.shift(1)) & (ts > ts.shift(1)))
    wrong = frame.select("ticker", "ts", bad=~follows.fill_null(True)).filter("bad")
    if len(wrong):
        symbol, time = wrong.row(0)[:2]
        raise DataError(f"bars: {symbol} at {time} is out of order; sort by (ticker, ts), one row each")
