"""About thirty causal, stationary features of one asset's own bars."""

from typing import Annotated, Any

from pydantic import Field

from ploutos.features.catalogue import named_features
from ploutos.features.feature_columns import FeatureColumns
from ploutos.types import PositiveInt, checked
from ploutos.types.session import SessionClock

Windows = Annotated[list[PositiveInt], Field(min_length=1)]
Spread = Annotated[int, Field(ge=2)]  # a window in which something can vary


class Core(FeatureColumns):
    """Ratios only: no feature shows a price level, so scaling a whole history changes nothing."""

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
        names = [
            *(f"return_{n}" for n in return_bars),
            f"momentum_{momentum_bars}",
            "gap_1",
            *(f"volatility_{n}" for n in volatility_bars),
            f"volatility_ratio_{min(volatility_bars)}_{max(volatility_bars)}",
            f"downside_{downside_bars}",
            *(f"sma_ratio_{n}" for n in trend_bars),
            f"choppiness_{choppiness_bars}",
            f"rsi_{oscillator_bars}",
            f"stochastic_{oscillator_bars}",
            f"bollinger_{band_bars}",
            f"bollinger_width_{band_bars}",
            f"volume_ratio_{volume_slow_bars}",
            f"volume_trend_{volume_fast_bars}_{volume_slow_bars}",
            f"signed_volume_{volume_slow_bars}",
            f"vwap_distance_{volume_slow_bars}",
            "range_1",
            f"atr_{atr_bars}",
            "close_location_1",
            f"drawdown_{extreme_bars}",
            "time_of_day_sin",
            "time_of_day_cos",
            "weekday_sin",
            "weekday_cos",
            *(f"rank_{n}" for n in rank_bars),
        ]
        clock = SessionClock(calendar.timezone, calendar.day_starts)
        super().__init__(named_features(names, "features"), clock)

    def fingerprint(self) -> dict[str, Any]:
        """Return what decides the values besides the code, JSON-ready."""
        return {
            "features": "core",
            "names": [feature.name for feature in self.features],
            "session_timezone": self.clock.timezone,
        }
