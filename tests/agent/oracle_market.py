"""Planted markets, small enough for tests of the oracle."""

from datetime import date

from ploutos.agent.oracle import Oracle
from ploutos.data.alpha.linear import Linear
from ploutos.data.alpha.no_alpha import NoAlpha
from ploutos.data.calendars.weekdays import Weekdays
from ploutos.data.planted import Planted
from ploutos.env.market import Market
from ploutos.features.selection import Selection
from ploutos.macro.no_macro import NoMacro
from ploutos.panel.assemble import assemble
from ploutos.universe.static import Static

CALENDAR = Weekdays(timezone="America/New_York", session_open="09:30", session_close="16:00")


def make_source(alpha=None, **changes):
    """Return a market of six assets with a strong signal, or the given alpha."""
    settings = {
        "seed": 1,
        "n_assets": 6,
        "n_bars": 1500,
        "start_date": date(2000, 1, 3),
        "session_first_start": "10:00",
        "bar_minutes": 60,
        "bars_per_session": 6,
        "price_low": 20.0,
        "price_high": 500.0,
        "drift_annual": 0.15,
        "vol_annual": 0.15,
        "market_beta_sd": 0.0,
        "idio_vol_annual_low": 0.2,
        "idio_vol_annual_high": 0.3,
        "gap_share": 0.02,
        "dollar_volume": 5e7,
        "dollar_log_sd": 0.35,
        "calendar": CALENDAR,
        "alpha": alpha or Linear(ic=0.15, half_life_bars=8.0),
    }
    return Planted(**settings | changes)


def no_alpha(**changes):
    """Return the same market without alpha."""
    return make_source(NoAlpha(half_life_bars=8.0), **changes)


def make_panel_of(source):
    """Return the panel of `source` with a few features beside its signals."""
    features = Selection(calendar=CALENDAR, groups=[], include=["return_1", "volatility_6"], exclude=[])
    return assemble(source.load(), Static(tickers=None), features, NoMacro(), clock=source.clock)


def make_market_of(source):
    """Return the market of that panel."""
    return Market.of(make_panel_of(source))


def make_oracle(source, **changes):
    """Return an oracle with a small grid and a short path."""
    settings = {
        "source": source,
        "tuning_seed": 77,
        "tuning_bars": 1500,
        "temperatures_bps": [1.0, 4.0, 1000.0],
        "rates": [0.1, 1.0],
        "bands": [0.0, 0.5],
        "refinements": [1.5],
    }
    return Oracle(**settings | changes)
