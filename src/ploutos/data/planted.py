"""A market for experiments on learning: one factor, normal noise, and alpha whose truth is known."""

from datetime import date, timedelta
from typing import Annotated, Any, Self

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from ploutos.data.alpha.base import Alpha, State
from ploutos.data.calendars.calendar import Calendar, session_clock
from ploutos.data.planted_path import PlantedPath
from ploutos.data.planted_returns import Moves, Traits, draw_moves, traits
from ploutos.data.session import parse_time
from ploutos.data.synthetic_calendar import close_times
from ploutos.data.synthetic_prices import bridge_range, open_close
from ploutos.data.synthetic_random import FloatArray, Stream, generator
from ploutos.data.synthetic_size import require_memory
from ploutos.types import (
    Bars,
    ConfigError,
    Fraction,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    checked,
)
from ploutos.types.session import SessionClock


class Planted:
    """Assets on one market factor, with an alpha that is planted in their own returns.

    `expected_return` is that of the next bar given everything seen so far, exactly: hidden states are
    averaged by their filtered probabilities. Nothing but `alpha` differs between kinds of markets: the same
    seed draws the same noise. Formulas: docs/learning_benchmark.md.

    Settings are explained beside their values in `conf/data/planted.yaml`.
    """

    @checked
    def __init__(
        self,
        *,
        seed: NonNegativeInt,
        n_assets: Annotated[int, Field(ge=2)],
        n_bars: Annotated[int, Field(ge=2)],
        start_date: date,
        session_first_start: str,
        bar_minutes: PositiveInt,
        bars_per_session: PositiveInt,
        price_low: PositiveFloat,
        price_high: PositiveFloat,
        drift_annual: Annotated[float, Field(gt=-1, allow_inf_nan=False)],
        vol_annual: PositiveFloat,
        market_beta_sd: NonNegativeFloat,
        idio_vol_annual_low: PositiveFloat,
        idio_vol_annual_high: PositiveFloat,
        gap_share: Fraction,
        dollar_volume: PositiveFloat,
        dollar_log_sd: NonNegativeFloat,
        calendar: Any,
        alpha: Any,
    ) -> None:
        self.seed = seed
        self.n_assets = n_assets
        self.n_bars = n_bars
        self.start_date = start_date
        self.session_first_start = session_first_start
        self.bar_minutes = int(bar_minutes)
        self.bars_per_session = bars_per_session
        self.price_low = price_low
        self.price_high = price_high
        self.drift_annual = drift_annual
        self.vol_annual = vol_annual
        self.market_beta_sd = market_beta_sd
        self.idio_vol_annual_low = idio_vol_annual_low
        self.idio_vol_annual_high = idio_vol_annual_high
        self.gap_share = gap_share
        self.dollar_volume = dollar_volume
        self.dollar_log_sd = dollar_log_sd
        self.calendar: Calendar = calendar
        self.alpha: Alpha = alpha
        self._check()

    @property
    def clock(self) -> SessionClock:
        """Dates the sessions."""
        return session_clock(self.calendar)

    def load(self) -> Bars:
        """Simulate the market and return its bars."""
        return self.simulate().to_bars()

    def simulate(self) -> PlantedPath:
        """Simulate the market and return it as arrays, truth included."""
        session = np.arange(self.n_bars + 1) // self.bars_per_session
        assets, price = self._assets()
        drawn = self.alpha.draw(generator(self.seed, Stream.SIGNAL), self.n_bars + 1, self.n_assets)
        moves = draw_moves(self.seed, assets, self._states(), drawn, session)
        width = len(str(self.n_assets))
        return PlantedPath(
            ts=self._close_times(int(session[-1]) + 1)[: self.n_bars],
            tickers=tuple(f"ALP{i + 1:0{width}d}" for i in range(self.n_assets)),
            grids=self._grids(assets, price, moves),
            signals={name: values[1:] for name, values in drawn.signals.items()},
            score=drawn.score[1:],
            moves=moves,
            traits=assets,
        )

    def independent(self, *, seed: int, bars: int) -> Self:
        """Return the same kind of market with other draws and another length."""
        settings = dict(vars(self)) | {"seed": seed, "n_bars": bars}
        return type(self)(**settings)

    def fingerprint(self) -> dict[str, Any]:
        """Return every setting; equal settings give the same market to the last bit."""
        settings: dict[str, Any] = dict(vars(self))
        settings["start_date"] = self.start_date.isoformat()
        settings["calendar"] = self.calendar.fingerprint()
        settings["alpha"] = self.alpha.fingerprint()
        return {"source": "planted", **settings}

    def _states(self) -> dict[str, State]:
        """Return the alpha's hidden states, or the only one."""
        only = State(
            drift_annual=self.drift_annual, vol_annual=self.vol_annual, mean_sessions=1.0, direction=1.0
        )
        return dict(self.alpha.states) or {"only": only}

    def _assets(self) -> tuple[Traits, FloatArray]:
        """Draw betas, idiosyncratic volatilities and the prices before the first bar [N]."""
        rng = generator(self.seed, Stream.ASSETS)
        price = np.exp(rng.uniform(np.log(self.price_low), np.log(self.price_high), self.n_assets))
        idio = rng.uniform(self.idio_vol_annual_low, self.idio_vol_annual_high, self.n_assets)
        beta = 1 + self.market_beta_sd * rng.standard_normal(self.n_assets)
        year = self.calendar.sessions_per_year * self.bars_per_session
        constants = traits(
            self._states(), beta=beta, idio_sd=idio, ic=self.alpha.ic, gap_share=self.gap_share, year=year
        )
        return constants, price

    def _grids(self, assets: Traits, price: FloatArray, moves: Moves) -> dict[str, FloatArray]:
        """Return open, high, low, close and volume [T, N]; ranges and volume tell nothing of the state."""
        log_open, log_close = open_close(price, moves.gap, moves.body)
        usual = np.sqrt(sum(assets.variance(k) for k in range(len(assets.drift))) / len(assets.drift))
        sd = np.broadcast_to(np.sqrt(1 - self.gap_share) * usual, log_open.shape)
        log_high, log_low = bridge_range(generator(self.seed, Stream.RANGE), log_open, log_close, sd)
        close = np.exp(log_close)
        traded = generator(self.seed, Stream.VOLUME).standard_normal(close.shape)
        shares = self.dollar_volume * np.exp(self.dollar_log_sd * traded) / close
        return {
            "open": np.exp(log_open),
            "high": np.exp(log_high),
            "low": np.exp(log_low),
            "close": close,
            "volume": np.maximum(np.rint(shares), 1.0),
        }

    def _close_times(self, sessions: int) -> npt.NDArray[np.int64]:
        weeks = sessions // 5 + 1
        days = pl.date_range(self.start_date, self.start_date + timedelta(weeks=weeks, days=7), eager=True)
        return close_times(
            days.filter(days.dt.weekday() <= 5).head(sessions),
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
        require_memory(self.n_assets, self.n_bars)
        for low, high in (("price_low", "price_high"), ("idio_vol_annual_low", "idio_vol_annual_high")):
            if getattr(self, low) > getattr(self, high):
                raise ConfigError(f"{low} {getattr(self, low):g} is above {high} {getattr(self, high):g}")
