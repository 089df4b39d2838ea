"""Random markets and rules for the Torch market, and the kernel beside it."""

import numpy as np
import torch

from hand_market import cash_account, make_market, margin_account
from ploutos.env.torch_market import TorchMarket
from ploutos.execution.costs.fixed_bps import FixedBps
from ploutos.execution.costs.per_asset import PerAsset
from ploutos.execution.costs.realistic import Realistic
from ploutos.execution.costs.zero import Zero
from ploutos.execution.fill.next_close import NextClose
from ploutos.execution.fill.next_open import NextOpen
from ploutos.execution.fill.vwap_proxy import VwapProxy
from ploutos.execution.ledger import Ledger
from ploutos.execution.outcome import Outcome
from ploutos.execution.stops.no_stops import NoStops
from ploutos.execution.venue import Venue

CAPITAL = 1_000_000.0
FILLS = {"next_open": NextOpen, "next_close": NextClose, "vwap_proxy": VwapProxy}
CAPPED = {"max_position_weight": 0.8, "max_gross_leverage": 1.5, "max_net_leverage": 0.7}
ACCOUNTS = {
    "cash": cash_account,
    "cash_capped": lambda: cash_account(max_position_weight=0.3),
    "margin": margin_account,
    "margin_capped": lambda: margin_account(**CAPPED, maintenance_margin=0.5),
    "margin_long": lambda: margin_account(allow_short=False, max_gross_leverage=2.0, maintenance_margin=0.45),
    "reckless": lambda: margin_account(maintenance_margin=0.0),
}


def realistic(**changes):
    rates = {"commission_bps": 1.0, "half_spread_bps": 4.0, "slippage": 0.1, "impact": 0.8}
    return Realistic(**rates | {"borrow_bps_annual": 3000.0, "window_bars": 3} | changes)


COSTS = {
    "zero": Zero,
    "fixed": lambda: FixedBps(cost_bps=20.0),
    "all": lambda: FixedBps(cost_bps=10_000.0),
    "realistic": realistic,
    "ruinous": lambda: realistic(impact=40.0, slippage=3.0),
    "per_asset": lambda: PerAsset(
        default=realistic(), assets={"T0": {"impact": 2.0, "borrow_bps_annual": 0.0}}
    ),
}


def venue_of(market, account="cash", costs="zero", fill="next_open"):
    """Return a venue of `market`; every part by the name above, or the object itself."""

    def part(kinds, chosen):
        return kinds[chosen]() if isinstance(chosen, str) else chosen

    parts = {"account": part(ACCOUNTS, account), "costs": part(COSTS, costs), "fill": part(FILLS, fill)}
    return Venue.of(market.roster, market.tape, **parts, stops=NoStops())


def torch_market(market, venue, *, smoothness=0.0, dtype=torch.float64, device="cpu"):
    return TorchMarket(market, venue, device=device, dtype=dtype, smoothness=smoothness)


def random_episode(seed, *, paths=1, batch=2, rows=6, assets=3, messy=1.0, scale=0.05, steps=None):
    """Return (market, targets [K, B, N], scenario, row): late starts, gaps, delistings, splits, dividends.

    K = `steps` bars, or a random number.
    """
    rng = np.random.default_rng(seed)
    closes = 20.0 * np.exp(np.cumsum(rng.normal(0, scale, (paths, rows, assets)), axis=1))
    opens = closes * np.exp(rng.normal(0, scale / 2, closes.shape))
    volumes = 10.0 ** rng.uniform(1, 6) * rng.lognormal(0, 1, closes.shape)
    volumes[rng.random(closes.shape) < 0.1 * messy] = 0.0
    splits, dividends, gone = [], [], np.full(assets, -1)
    traded = rng.random((rows, assets)) >= 0.15 * messy
    member = rng.random((rows, assets)) >= 0.15 * messy
    for n in range(assets):
        begin = int(rng.integers(0, rows)) if rng.random() < 0.2 * messy else 0
        if rng.random() < 0.3 * messy and begin + 1 < rows:
            gone[n] = rng.integers(begin + 1, rows)
        end = gone[n] if gone[n] > 0 else rows
        traded[:begin, n] = traded[end:, n] = False
        traded[begin, n] = True
        member[:begin, n] = member[end:, n] = False
        for t in range(1, rows):
            if rng.random() < 0.15 * messy:
                ratio = rng.choice([2.0, 1 / 3, 1.5])
                splits.append((t, n, ratio))
                closes[:, t:, n] /= ratio
                opens[:, t:, n] /= ratio
            if rng.random() < 0.15 * messy:
                dividends.append((t, n, rng.choice([0.2, 2.0])))
            if t > begin and not traded[t, n]:
                closes[:, t, n] = closes[:, t - 1, n]
        closes[:, :begin, n] = np.nan
    opens[:, ~traded] = np.nan
    spread = np.exp(np.abs(rng.normal(0, scale, (2, *closes.shape))))
    market = make_market(
        opens,
        closes,
        highs=np.maximum(opens, closes) * spread[0],
        lows=np.minimum(opens, closes) / spread[1],
        volumes=np.where(traded, volumes, 0.0),
        member=member,
        delist_bar=gone,
        delist_return=rng.choice([-1.0, -0.4, 0.3], assets),
        splits=splits,
        dividends=dividends,
    )
    steps = steps or int(rng.integers(1, rows))
    targets = rng.normal(0.2, 1.0, (steps, batch, assets)) * rng.choice([0.3, 1.0, 4.0]) / np.sqrt(assets)
    targets[rng.random(targets.shape) < rng.choice([0.0, 0.3, 0.8]) * messy] = np.nan
    targets[rng.random(targets.shape) < 0.1 * messy] = 0.0
    return market, targets, rng.integers(0, paths, batch), rng.integers(0, rows - steps, batch)


def run_kernel(venue, targets, scenario, row, capital=CAPITAL):
    """Return, for each of K bars, a copy of the kernel's ledger and of its outcome."""
    batch, assets = targets.shape[1:]
    ledger, outcome = Ledger.open(batch, assets, capital), Outcome.empty(batch, assets, detailed=False)
    told = []
    for k, wanted in enumerate(targets):
        venue.step(ledger, np.ascontiguousarray(wanted), scenario, row + k, outcome)
        told.append((ledger.copy(), Outcome(*(field.copy() for field in outcome))))
    return told


def run_torch(market, targets, scenario, row, capital=CAPITAL):
    """Return the same of the Torch market."""
    ledger = market.open(targets.shape[1], capital)
    scenario, row = torch.as_tensor(scenario).to(market.device), torch.as_tensor(row).to(market.device)
    told = []
    for k, wanted in enumerate(torch.as_tensor(targets, dtype=market.dtype, device=market.device)):
        ledger, outcome = market.step(ledger, wanted, scenario, row + k)
        told.append((ledger, outcome))
    return told


def assert_same(kernel, torched, *, tolerance):
    """Compare every figure of every bar: money relative to the capital, entry prices to themselves.

    Where rounding alone decides (an equity of next to nothing) ratios are not compared.
    """
    equity = CAPITAL * np.ones(len(kernel[0][0].equity))
    for (ledger, outcome), (other, made) in zip(kernel, torched, strict=True):
        alive, held = np.abs(equity) > 1e-9 * CAPITAL, ledger.shares != 0
        equity = ledger.equity
        money = {"rtol": tolerance, "atol": tolerance * CAPITAL}
        for name in ("cash", "equity", "peak", "shares"):
            close_to(getattr(other, name), getattr(ledger, name), **money)
        assert (held == (other.shares.detach().cpu().numpy() != 0)).all()
        close_to(other.entry, ledger.entry, rtol=10 * tolerance)
        close_to(other.age, ledger.age)
        close_to(made.cost, outcome.cost, **money)
        close_to(made.turnover, outcome.turnover, where=alive, rtol=tolerance, atol=tolerance)
        close_to(made.forced, outcome.forced, where=alive)


def close_to(got, want, *, where=True, rtol=0.0, atol=0.0):
    got = got.detach().cpu().numpy()
    np.testing.assert_allclose(np.where(where, got, 0), np.where(where, want, 0), rtol=rtol, atol=atol)
