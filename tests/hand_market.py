"""Small markets written by hand, and environments on them; for tests of everything that trades."""

import numpy as np

from ploutos.env.action.delta_weights import DeltaWeights
from ploutos.env.action.discrete import Discrete
from ploutos.env.action.target_weights import TargetWeights
from ploutos.env.market import Market
from ploutos.env.observation.standard import Standard
from ploutos.env.portfolio import Portfolio
from ploutos.env.reward.log_return import LogReturn
from ploutos.execution.account.cash import Cash
from ploutos.execution.account.margin import Margin
from ploutos.execution.corporate_actions import events_by_row
from ploutos.execution.costs.fixed_bps import FixedBps
from ploutos.execution.fill.next_open import NextOpen
from ploutos.execution.roster import Roster
from ploutos.execution.stops.no_stops import NoStops
from ploutos.execution.tape import Tape, last_rows, read_only, years_between
from ploutos.types.checkpoints import NO_CHECKPOINTS

HOUR = 3_600_000_000
# What `fit` is told where nothing is chosen on a validation window and nothing is kept.
ALONE = {"validation": slice(0, 0), "checkpoints": NO_CHECKPOINTS}

START = 1_577_887_200_000_000  # 2020-01-01 14:00 UTC


def make_market(
    opens,
    closes,
    *,
    highs=None,
    lows=None,
    volumes=None,
    member=None,
    features=None,
    feature_names=None,
    macro=None,
    delist_bar=None,
    delist_return=None,
    splits=(),
    dividends=(),
    ts=None,
    bars_per_session=7,
    sessions_per_year=252.0,
):
    """Return the market of `opens` and `closes` [T, N] or [P, T, N]; the rest is filled in.

    Highs and lows default to the larger and smaller of open and close, volumes to 1e6 where there is an open.
    `splits` and `dividends` are (row, column, value); rows are an hour apart unless `ts` says otherwise.
    """
    opens, closes = (np.asarray(x, dtype=np.float64) for x in (opens, closes))
    if opens.ndim == 2:
        opens, closes = opens[None], closes[None]
    traded = np.isfinite(opens)
    paths, rows, assets = opens.shape
    highs = np.where(traded, np.maximum(opens, closes), np.nan) if highs is None else highs
    lows = np.where(traded, np.minimum(opens, closes), np.nan) if lows is None else lows
    volumes = np.where(traded, 1e6, 0.0) if volumes is None else volumes
    columns = (np.broadcast_to(np.asarray(x, np.float64), opens.shape) for x in (highs, lows, volumes))
    high, low, volume = columns
    if features is None:
        features = np.zeros((paths, rows, assets, 1))
    features = np.asarray(features, dtype=np.float32).reshape(paths, rows, assets, -1)
    macro = np.zeros((rows, 0)) if macro is None else np.asarray(macro)
    member = np.isfinite(closes[0]) if member is None else np.asarray(member, dtype=bool)
    ts = START + HOUR * np.arange(rows, dtype=np.int64) if ts is None else np.asarray(ts, np.int64)
    gone = [-1] * assets if delist_bar is None else delist_bar
    returns = [0.0] * assets if delist_return is None else delist_return
    events = [(t, n, s, 0.0, np.nan) for t, n, s in splits]
    events += [(t, n, 1.0, d, np.nan) for t, n, d in dividends]
    events += [(t, n, 1.0, 0.0, returns[n]) for n, t in enumerate(gone) if t >= 0]
    bar, asset, split, dividend, delisting = np.array(events, float).reshape(-1, 5).T
    prices = read_only(np.stack([opens, high, low, closes, volume], axis=2))
    by_row = events_by_row(
        rows,
        bar=bar.astype(int),
        asset=asset.astype(int),
        split=split,
        dividend=dividend,
        delisting=delisting,
    )
    tickers = tuple(f"T{n}" for n in range(assets))
    return Market(
        ts=read_only(ts),
        roster=Roster(tickers=tickers, asset=None, prices=prices, events=by_row),
        feature_names=feature_names or tuple(f"f{k}" for k in range(features.shape[-1])),
        sessions_per_year=sessions_per_year,
        macro_names=tuple(f"m{k}" for k in range(macro.shape[1])),
        features=read_only(features),
        macro=read_only(macro.astype(np.float32)),
        tape=Tape(
            prices=prices,
            member=read_only(member),
            events=by_row,
            years=years_between(ts),
            session_last=last_rows(np.arange(rows) // bars_per_session),
        ),
    )


def random_market(rng, *, rows=200, assets=4, features=2, macro=1, scale=0.01):
    """Return a random walk with random features; no gaps, everybody a member."""
    closes = 50.0 * np.exp(np.cumsum(rng.normal(0, scale, (rows, assets)), axis=0))
    opens = np.concatenate([closes[:1], closes[:-1]]) * np.exp(rng.normal(0, scale / 4, (rows, assets)))
    return make_market(
        opens,
        closes,
        features=rng.normal(size=(rows, assets, features)),
        macro=rng.normal(size=(rows, macro)),
    )


def cash_account(**changes):
    """Return the cash account as configured, with `changes`."""
    rules = {"max_position_weight": 1.0, "min_trade_value": 0.0, "whole_shares": False, "trim_drift": False}
    return Cash(**rules | changes)


def margin_account(**changes):
    """Return a margin account without binding caps, with `changes`."""
    rules = {
        "allow_short": True,
        "max_position_weight": 5.0,
        "max_gross_leverage": 5.0,
        "max_net_leverage": 5.0,
        "maintenance_margin": 0.1,
        "interest_bps_annual": 600.0,
        "min_trade_value": 0.0,
        "whole_shares": False,
        "trim_drift": False,
    }
    return Margin(**rules | changes)


def make_environment(
    action=None,
    *,
    cost_bps=5.0,
    num_envs=4,
    threads=1,
    episode_bars=16,
    capital=1_000_000.0,
    scale=100.0,
    account=None,
    costs=None,
    fill=None,
    stops=None,
    reward=None,
):
    """Return the environment as configured; `action` is one of the names below or an object.

    The account is a cash account, or a margin account where the action sells short.
    """
    named = {
        None: Discrete(lot_weight=0.1, allow_short=False),
        "discrete": Discrete(lot_weight=0.25, allow_short=False),
        "discrete_short": Discrete(lot_weight=0.25, allow_short=True),
        "target_weights": TargetWeights(max_logit=10.0, allow_short=False, max_leverage=1.0),
        "target_weights_short": TargetWeights(max_logit=10.0, allow_short=True, max_leverage=1.5),
        "delta_weights": DeltaWeights(max_delta=0.25, dead_band=0.02, allow_short=False),
        "delta_weights_short": DeltaWeights(max_delta=0.25, dead_band=0.02, allow_short=True),
    }
    if action is None or isinstance(action, str):
        action = named[action]
    usual_account = margin_account if action.allow_short else cash_account
    return Portfolio(
        num_envs=num_envs,
        threads=threads,
        episode_bars=episode_bars,
        initial_capital=capital,
        action=action,
        observation=Standard(),
        reward=reward or LogReturn(scale=scale),
        account=account or usual_account(),
        costs=costs or FixedBps(cost_bps=cost_bps),
        fill=fill or NextOpen(),
        stops=stops or NoStops(),
    )
