"""The embedded market: deterministic from its seed, with alpha planted to measure."""

from datetime import date
from typing import Annotated, Any, Self

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from ploutos.data.calendars.calendar import Calendar, session_clock
from ploutos.data.session import parse_time
from ploutos.data.synthetic_calendar import close_times, session_dates
from ploutos.data.synthetic_delistings import draw_delistings
from ploutos.data.synthetic_path import MarketPath
from ploutos.data.synthetic_prices import bridge_range, open_close, traded_volume
from ploutos.data.synthetic_random import FloatArray, Stream, ar1, generator
from ploutos.data.synthetic_regimes import regime_path
from ploutos.data.synthetic_returns import Assets, Returns, draw_assets, draw_returns
from ploutos.data.synthetic_settings import Delisting, Noise, Regime, Risk, Volume
from ploutos.data.synthetic_size import require_memory, sessions_of
from ploutos.types import Bars, ConfigError, NonNegativeInt, PositiveFloat, PositiveInt, checked
from ploutos.types.session import WEEKDAYS_PER_YEAR, SessionClock


class Synthetic:
    """A market of hidden regimes, common factors, fat tails, jumps, delistings and a planted signal.

    Each asset's `signal` is a stationary first-order autoregression of unit variance whose correlation with
    the idiosyncratic log return of the *next* bar is `information_coefficient`; 0 leaves the same market
    with a signal that predicts nothing, and more years only extend the market. The alpha is earned between
    the next bar's open and its close, so a fill at the next open can earn it. The formula of a return stands
    in `synthetic_returns.draw_returns`.

    Settings are explained beside their values in `conf/data/synthetic.yaml`.
    """

    @checked
    def __init__(
        self,
        *,
        seed: NonNegativeInt,
        n_assets: Annotated[int, Field(ge=2)],
        start_date: date,
        years: PositiveFloat,
        session_first_start: str,
        bar_minutes: PositiveInt,
        bars_per_session: PositiveInt,
        information_coefficient: Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)],
        signal_half_life_bars: PositiveFloat,
        price_low: PositiveFloat,
        price_high: PositiveFloat,
        regimes: Annotated[dict[str, Regime], Field(min_length=1)],
        risk: Risk,
        noise: Noise,
        volume: Volume,
        delisting: Delisting,
        calendar: Any,
    ) -> None:
        self.seed = seed
        self.n_assets = n_assets
        self.start_date = start_date
        self.years = years
        self.session_first_start = session_first_start
        self.bar_minutes = int(bar_minutes)
        self.bars_per_session = bars_per_session
        self.information_coefficient = information_coefficient
        self.signal_half_life_bars = signal_half_life_bars
        self.price_low = price_low
        self.price_high = price_high
        self.regimes = regimes
        self.risk = risk
        self.noise = noise
        self.volume = volume
        self.delisting = delisting
        self.calendar: Calendar = calendar
        self._check()

    @property
    def clock(self) -> SessionClock:
        """Dates the sessions."""
        return session_clock(self.calendar)

    def load(self) -> Bars:
        """Simulate the market and return its bars."""
        return self.simulate().to_bars()

    def simulate(self) -> MarketPath:
        """Simulate the market and return it as arrays, hidden state included."""
        sessions = session_dates(self.start_date, self.years)
        per_session = self.bars_per_session
        regime = np.repeat(regime_path(self.seed, len(sessions), list(self.regimes.values())), per_session)
        bars = len(regime)
        bar_of_session = np.arange(bars) % per_session
        signal = ar1(
            generator(self.seed, Stream.SIGNAL),
            (bars + 1, self.n_assets),
            half_life=self.signal_half_life_bars,
        )
        assets = draw_assets(
            self.seed,
            self.n_assets,
            self.risk,
            price_low=self.price_low,
            price_high=self.price_high,
            bars_per_year=self._bars_per_year,
        )
        returns = self._returns(assets, signal, regime, bar_of_session)
        last_session, payout = draw_delistings(self.seed, self.n_assets, len(sessions), self.delisting)
        width = len(str(self.n_assets))
        return MarketPath(
            ts=self._close_times(sessions),
            tickers=tuple(f"SYN{i + 1:0{width}d}" for i in range(self.n_assets)),
            regime_names=tuple(self.regimes),
            regime=regime,
            signal=signal[1:],
            idio=returns.idio,
            expected_return=returns.expected,
            last_row=(last_session + 1) * per_session - 1,
            delisting_return=payout,
            **self._prices(assets, returns, bar_of_session),
        )

    def independent(self, *, seed: int, bars: int) -> Self:
        """Return the same kind of market with other draws and another length; no name is delisted."""
        settings = dict(vars(self)) | {
            "seed": seed,
            "years": bars / (WEEKDAYS_PER_YEAR * self.bars_per_session),
        }
        settings["delisting"] = self.delisting.model_copy(update={"per_year": 0.0})
        return type(self)(**settings)

    def fingerprint(self) -> dict[str, Any]:
        """Return every setting; equal settings give the same market to the last bit."""
        settings: dict[str, Any] = dict(vars(self))
        settings["start_date"] = self.start_date.isoformat()
        settings["calendar"] = self.calendar.fingerprint()
        settings["regimes"] = {name: regime.model_dump() for name, regime in self.regimes.items()}
        for group in ("risk", "noise", "volume", "delisting"):
            settings[group] = settings[group].model_dump()
        return {"source": "synthetic", **settings}

    @property
    def _bars_per_year(self) -> float:
        return self.calendar.sessions_per_year * self.bars_per_session

    def _returns(
        self,
        assets: Assets,
        signal: FloatArray,
        regime: npt.NDArray[np.int8],
        bar_of_session: npt.NDArray[np.int64],
    ) -> Returns:
        regimes = self.regimes.values()
        drift = np.array([np.log1p(r.drift_annual) for r in regimes]) / self._bars_per_year
        market_sd = np.array([r.vol_annual for r in regimes]) / np.sqrt(self._bars_per_year)
        # Row t of a state is what is known before bar t: the regime of the bar that ended then.
        before = np.concatenate([regime[:1], regime])
        return draw_returns(
            self.seed,
            assets,
            self.noise,
            signal=signal,
            drift=drift[before],
            market_sd=market_sd[before],
            first_of_session=bar_of_session == 0,
            information_coefficient=self.information_coefficient,
            bars_per_year=self._bars_per_year,
        )

    def _prices(
        self, assets: Assets, returns: Returns, bar_of_session: npt.NDArray[np.int64]
    ) -> dict[str, FloatArray]:
        log_open, log_close = open_close(assets.price, returns.gap, returns.body)
        body_sd = np.sqrt((1 - returns.gap_share)[:, None] * returns.variance)
        log_high, log_low = bridge_range(generator(self.seed, Stream.RANGE), log_open, log_close, body_sd)
        surprise = np.abs(returns.gap + returns.body) / np.sqrt(returns.variance)
        rng = generator(self.seed, Stream.VOLUME)
        return {
            "open": np.exp(log_open),
            "high": np.exp(log_high),
            "low": np.exp(log_low),
            "close": np.exp(log_close),
            "volume": traded_volume(rng, assets.price, surprise, bar_of_session, self.volume),
        }

    def _close_times(self, sessions: pl.Series) -> npt.NDArray[np.int64]:
        return close_times(
            sessions,
            timezone=self.calendar.timezone,
            first_start=parse_time("session_first_start", self.session_first_start),
            bar_minutes=self.bar_minutes,
            bars_per_session=self.bars_per_session,
        )

    def _check(self) -> None:
        start = parse_time("session_first_start", self.session_first_start)
        end = start.hour * 60 + start.minute + self.bars_per_session * self.bar_minutes
        if end > 24 * 60:
            raise ConfigError(
                f"session_first_start '{self.session_first_start}' + {self.bars_per_session} bars of"
                f" {self.bar_minutes} minutes runs past midnight"
            )
        if self.price_low > self.price_high:
            raise ConfigError(f"price_low {self.price_low:g} is above price_high {self.price_high:g}")
        sessions = sessions_of(self.start_date, self.years)
        if sessions < 2:
            raise ConfigError(f"years: {self.years:g} from {self.start_date} holds less than two sessions")
        require_memory(self.n_assets, sessions * self.bars_per_session)
