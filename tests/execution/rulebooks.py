"""Random rules, once as the objects of `Venue.of` and once as the reference's own."""

from dataclasses import dataclass

import reference_books as books

from hand_market import cash_account, margin_account
from ploutos.execution.costs.fixed_bps import FixedBps
from ploutos.execution.costs.per_asset import PerAsset
from ploutos.execution.costs.realistic import Realistic
from ploutos.execution.costs.zero import Zero
from ploutos.execution.fill.next_close import NextClose
from ploutos.execution.fill.next_open import NextOpen
from ploutos.execution.fill.vwap_proxy import VwapProxy
from ploutos.execution.stops.full import Full
from ploutos.execution.stops.no_stops import NoStops
from ploutos.execution.stops.stop_loss import StopLoss

FILLS = {"next_open": NextOpen, "next_close": NextClose, "vwap_proxy": VwapProxy}
# No limit of the portfolio equals a stop: a single position stopped at it would lie on the limit itself.
LEVELS = {
    "stop_loss": [None, 0.02, 0.1],
    "take_profit": [None, 0.03, 0.3],
    "trailing_stop": [None, 0.03, 0.15],
    "max_drawdown": [None, 0.053, 0.29],
    "max_session_loss": [None, 0.023, 0.19],
    "cooldown_bars": [0, 1, 3],
}


@dataclass(frozen=True)
class Rulebook:
    """The same rules for the kernel (`parts` of `Venue.of`) and for the reference."""

    parts: dict
    rules: books.Rules
    costs: tuple  # of each name
    window_bars: int


def rulebook(assets, *, account=None, costs=None, fill="next_open", stops=None):
    """Return a rulebook of plain settings.

    `account`: settings of the margin account, or of the cash account where they have no `allow_short`.
    `costs`: None, a number of bps, settings of `Realistic`, or those with `assets` by ticker.
    `stops`: settings of `Full`, or of `StopLoss` where they have only its two.
    """
    account, stops = account or {}, stops or {}
    model, each, window = costs_of(costs, assets)
    named = {"account": account_of(account), "costs": model, "fill": FILLS[fill](), "stops": stops_of(stops)}
    rules = books.Rules(margin="allow_short" in account, fill=fill, **plain_account(account), **stops)
    return Rulebook(named, rules, each, window)


def account_of(settings):
    return margin_account(**settings) if "allow_short" in settings else cash_account(**settings)


def plain_account(settings):
    if "allow_short" not in settings:
        return settings
    caps = {f"max_{kind}": 5.0 for kind in ("position_weight", "gross_leverage", "net_leverage")}
    return caps | {"maintenance_margin": 0.1, "interest_bps_annual": 600.0} | settings


def stops_of(settings):
    if not settings:
        return NoStops()
    if set(settings) == {"stop_loss", "cooldown_bars"}:
        return StopLoss(**settings)
    return Full(**dict.fromkeys(LEVELS) | settings)


def costs_of(settings, assets):
    """Return (cost model, the reference's costs of each name, window)."""
    if settings is None:
        return Zero(), (books.Costs(),) * assets, 0
    if not isinstance(settings, dict):
        return FixedBps(cost_bps=settings), (books.Costs(commission_bps=settings),) * assets, 0
    common = dict(settings)
    special, window = common.pop("assets", None), common.pop("window_bars")
    model = Realistic(**common, window_bars=window)
    if special is None:
        return model, (books.Costs(**common),) * assets, window
    each = tuple(books.Costs(**common | special.get(f"T{n}", {})) for n in range(assets))
    return PerAsset(default=model, assets=special), each, window


def random_rulebook(
    rng, assets, *, account=None, fill=None, kinds=("zero", "fixed", "realistic", "per_asset")
):
    """Return random rules; `account` is "cash" or "margin"."""
    account = account or rng.choice(["cash", "margin"])
    return rulebook(
        assets,
        account=random_account(rng, account),
        costs=random_costs(rng, assets, rng.choice(kinds)),
        fill=fill or str(rng.choice(list(FILLS))),
        stops=random_stops(rng),
    )


def random_account(rng, kind):
    def pick(values):
        return values[rng.integers(len(values))]

    settings = {
        "max_position_weight": pick([0.1, 0.4, 1.0]),
        "min_trade_value": pick([0.0, 0.0, 5_021.7, 97_311.3]),
        "whole_shares": pick([False, False, True]),
        "trim_drift": pick([False, True]),
    }
    if kind == "margin":
        settings |= {
            "allow_short": pick([True, True, True, False]),
            "max_position_weight": pick([0.2, 1.0, 3.0]),
            "max_gross_leverage": pick([0.8, 1.5, 5.0]),
            "max_net_leverage": pick([0.1, 1.0, 5.0]),
            "interest_bps_annual": pick([0.0, 600.0]),
        }
        settings["maintenance_margin"] = pick([0.0, 0.5, 0.95]) / max(1.0, settings["max_gross_leverage"])
    return settings


def random_costs(rng, assets, kind):
    if kind == "zero":
        return None
    if kind == "fixed":
        return float(rng.choice([1.0, 5.0, 250.0, 10_000.0]))
    settings = random_realistic(rng) | {"window_bars": int(rng.integers(1, 5))}
    if kind == "per_asset":
        keys = sorted(random_realistic(rng))
        settings["assets"] = {
            f"T{n}": {k: v for k, v in random_realistic(rng).items() if k in rng.choice(keys, 2)}
            for n in range(assets)
            if rng.random() < 0.6
        }
    return settings


def random_realistic(rng):
    return {
        "commission_bps": float(rng.choice([0.0, 0.5, 30.0])),
        "half_spread_bps": float(rng.choice([0.0, 1.0, 10.0])),
        "slippage": float(rng.choice([0.0, 0.05, 1.0])),
        "impact": float(rng.choice([0.0, 1.0, 20.0])),
        "borrow_bps_annual": float(rng.choice([0.0, 50.0, 100_000.0])),
    }


def random_stops(rng):
    kind = rng.integers(4)
    if kind == 0:
        return None
    settings = {name: values[rng.integers(len(values))] for name, values in LEVELS.items()}
    if kind == 1:
        return {"stop_loss": settings["stop_loss"] or 0.05, "cooldown_bars": settings["cooldown_bars"]}
    return settings
