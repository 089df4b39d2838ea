"""Groups of settings of the synthetic market; units stand in the names."""

from typing import Annotated, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ploutos.types import Fraction, NonNegativeInt, PositiveFloat

NonNegativeFloat = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Settings(BaseModel):
    """Frozen settings that refuse unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


S = TypeVar("S", bound=Settings)


class Regime(Settings):
    """One state of the whole market; the regime lasts a geometric number of sessions."""

    # Expected simple return of the market a year, fraction.
    drift_annual: Annotated[float, Field(gt=-1, allow_inf_nan=False)]
    vol_annual: PositiveFloat  # volatility of the market's log return a year, fraction
    mean_sessions: Annotated[float, Field(ge=1, allow_inf_nan=False)]


class Risk(Settings):
    """Factor structure and idiosyncratic volatility."""

    market_beta_sd: NonNegativeFloat  # market betas are normal around 1
    factor_count: NonNegativeInt  # style factors beside the market, loadings standard normal
    factor_vol_annual: NonNegativeFloat  # of one style factor, fraction
    idio_vol_annual_low: PositiveFloat  # an asset's own volatility is uniform in [low, high], fraction
    idio_vol_annual_high: PositiveFloat

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        return _require_order(self, "idio_vol_annual_low", "idio_vol_annual_high")


class Noise(Settings):
    """Shape of the noise: tails, jumps, and how much of it happens while the market is closed."""

    tail_dof: Annotated[float, Field(gt=2, allow_inf_nan=False)]  # of Student's t
    jumps_per_year: NonNegativeFloat  # expected jumps of one asset
    market_jumps_per_year: NonNegativeFloat  # expected jumps of the market and of each style factor
    jump_scale: NonNegativeFloat  # sd of a jump, in sd of a bar's noise without jumps
    overnight_share: Fraction  # share of the variance of a session's first bar that lies before its open
    gap_share: Fraction  # the same for every other bar


class Volume(Settings):
    """Traded volume."""

    dollar_median: PositiveFloat  # currency a bar, median over assets
    dollar_log_sd: NonNegativeFloat  # between assets
    log_sd: NonNegativeFloat  # between bars of one asset
    u_shape: NonNegativeFloat  # log of volume at the session's ends over its middle
    return_response: NonNegativeFloat  # log volume per |return| in sd of the asset's bar


class Delisting(Settings):
    """Names that vanish."""

    per_year: NonNegativeFloat  # hazard rate of one asset
    return_low: Annotated[float, Field(ge=-1, allow_inf_nan=False)]  # uniform in [low, high], of last close
    return_high: Finite

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        return _require_order(self, "return_low", "return_high")


def _require_order(settings: S, low: str, high: str) -> S:
    a, b = getattr(settings, low), getattr(settings, high)
    if a > b:
        raise ValueError(f"{low} {a:g} is above {high} {b:g}")
    return settings
