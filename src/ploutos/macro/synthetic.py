"""Macro levels of the embedded market, moved by the same hidden regimes."""

from datetime import date
from typing import Annotated, Any

import numpy as np
import polars as pl
from pydantic import Field

from ploutos.data.session import parse_time
from ploutos.data.synthetic_calendar import session_dates
from ploutos.data.synthetic_random import FloatArray, Stream, ar1, generator
from ploutos.data.synthetic_regimes import regime_path
from ploutos.data.synthetic_settings import Regime
from ploutos.data.timezone import check_timezone
from ploutos.macro.publication import Publication
from ploutos.macro.source import Columns, MacroSource
from ploutos.types import NonNegativeInt, PositiveFloat, PositiveInt, checked


class Synthetic(MacroSource):
    """Daily levels like VIX, the 10-year yield and the dollar index, for `data=synthetic` alone.

    Log VIX follows the log volatility of the hidden regime with a lag (exponential smoothing with half-life
    `vix_half_life_sessions`) plus noise; the other two wander around their means and know nothing of the
    market. Seed, start, length and regimes must be those of the market.

    Settings are explained beside their values in `conf/macro/synthetic.yaml`.
    """

    @checked
    def __init__(
        self,
        *,
        seed: NonNegativeInt,
        start_date: date,
        years: PositiveFloat,
        regimes: Annotated[dict[str, Regime], Field(min_length=1)],
        vix_premium: PositiveFloat,
        vix_half_life_sessions: PositiveFloat,
        vix_log_sd: PositiveFloat,
        tnx_mean_pct: float,
        tnx_sd_pct: PositiveFloat,
        dxy_mean: PositiveFloat,
        dxy_log_sd: PositiveFloat,
        half_life_sessions: PositiveFloat,
        publication_timezone: str,
        publication_lag_days: PositiveInt,
        publication_time: str,
        columns: Columns,
    ) -> None:
        super().__init__(columns)
        self.seed = seed
        self.start_date = start_date
        self.years = years
        self.regimes = regimes
        self.vix_premium = vix_premium
        self.vix_half_life_sessions = vix_half_life_sessions
        self.vix_log_sd = vix_log_sd
        self.tnx_mean_pct = tnx_mean_pct
        self.tnx_sd_pct = tnx_sd_pct
        self.dxy_mean = dxy_mean
        self.dxy_log_sd = dxy_log_sd
        self.half_life_sessions = half_life_sessions
        self.publication_timezone = check_timezone("publication_timezone", publication_timezone)
        self.publication_lag_days = publication_lag_days
        self.publication_time = publication_time
        self._publication = Publication(
            publication_timezone, publication_lag_days, parse_time("publication_time", publication_time)
        )

    def load(self) -> pl.DataFrame:
        """Simulate the levels of every session of the market."""
        sessions = session_dates(self.start_date, self.years)
        count = len(sessions)
        regimes = list(self.regimes.values())
        vol_annual = np.array([regime.vol_annual for regime in regimes])
        target = np.log(100 * self.vix_premium * vol_annual)[regime_path(self.seed, count, regimes)]
        vix_draws, other_draws = generator(self.seed, Stream.MACRO).spawn(2)
        noise = ar1(vix_draws, (count, 1), half_life=self.vix_half_life_sessions)[:, 0]
        wander = ar1(other_draws, (count, 2), half_life=self.half_life_sessions)
        levels = pl.DataFrame(
            {
                "date": sessions,
                "vix": np.exp(_smooth(target, self.vix_half_life_sessions) + self.vix_log_sd * noise),
                "tnx": self.tnx_mean_pct + self.tnx_sd_pct * wander[:, 0],
                "dxy": self.dxy_mean * np.exp(self.dxy_log_sd * wander[:, 1]),
            }
        )
        available_at = self._publication.available_at("date").alias("available_at")
        return levels.select(available_at, "vix", "tnx", "dxy")

    def fingerprint(self) -> dict[str, Any]:
        """Return every setting; equal settings give the same levels to the last bit."""
        assert self._derived is not None
        settings = {key: value for key, value in vars(self).items() if key[0] != "_"}
        settings["start_date"] = self.start_date.isoformat()
        settings["regimes"] = {name: regime.model_dump() for name, regime in self.regimes.items()}
        return {"source": "synthetic", **settings, "columns": self._derived.model_dump()}


def _smooth(x: FloatArray, half_life: float) -> FloatArray:
    """Return the exponential moving average of `x` [T], started at its first value."""
    return pl.Series(x).ewm_mean(half_life=half_life, adjust=False).to_numpy()
