"""Panels without features, and fits with few settings, for the tests of regimes."""

import numpy as np

from ploutos.panel.panel import Panel
from ploutos.regime.hmm import Hmm
from ploutos.types.session import SessionClock

UTC = SessionClock("UTC")
NEW_YORK = SessionClock("America/New_York")
HOUR = 3_600_000_000
MONDAY = 1_578_322_800_000_000  # 2020-01-06 15:00 UTC
SETTINGS = {
    "series": ("return", "volatility", "breadth"),
    "macro": (),
    "volatility_sessions": 5,
    "min_states": 3,
    "max_states": 3,
    "covariance": "full",
    "starts": 6,
    "seed": 0,
    "max_iterations": 100,
    "tolerance": 1e-3,
    "min_share": 0.03,
    "min_sessions": 60,
    "exposure": None,
    "exposure_band": 0.05,
}


def hmm(**changed):
    return Hmm(**(SETTINGS | changed))


def axis(sessions, bars):
    """Return hourly closes of weekdays, `bars` a session."""
    days = [day for day in range(2 * sessions) if day % 7 < 5][:sessions]
    return np.array([MONDAY + day * 24 * HOUR + bar * HOUR for day in days for bar in range(bars)], np.int64)


def panel_of(close, *, ts, opens=None, member=None, macro=None, macro_names=(), actions=()):
    """Return the panel of `close` [T, N]; a name trades where `opens` is finite.

    `actions` are (row, column, split, dividend).
    """
    close = np.asarray(close, float)
    rows, names = close.shape
    opens = close if opens is None else opens
    known = np.isfinite(close)
    nothing = np.zeros((rows, names, 0), np.float32)
    bar, asset, split, dividend = np.array(sorted(actions), float).reshape(-1, 4).T
    return Panel(
        hash="",
        clock=UTC,
        ts=ts,
        tickers=tuple(f"T{n}" for n in range(names)),
        feature_names=(),
        macro_names=tuple(macro_names),
        features=nothing,
        prices=np.stack([opens, close, close, close, np.where(known, 1.0, 0.0)], axis=1),
        member=known if member is None else member,
        macro=np.zeros((rows, 0), np.float32) if macro is None else np.asarray(macro, np.float32),
        delist_bar=np.full(names, -1, np.int32),
        delist_return=np.zeros(names),
        action_bar=bar.astype(np.int32),
        action_asset=asset.astype(np.int32),
        action_split=split,
        action_dividend=dividend,
        slot_asset=None,
        slot_features=None,
        slot_prices=None,
        slot_member=None,
        expected_return=None,
        signals=(),
    )


def cut(panel, rows):
    """Return the panel as it stood after its first `rows` rows."""
    inside = panel.action_bar < rows
    return panel_of(
        np.array(panel.close[:rows]),
        ts=panel.ts[:rows],
        opens=np.array(panel.open[:rows]),
        member=panel.member[:rows],
        macro=panel.macro[:rows],
        macro_names=panel.macro_names,
        actions=[
            (panel.action_bar[k], panel.action_asset[k], panel.action_split[k], panel.action_dividend[k])
            for k in np.flatnonzero(inside)
        ],
    )


def random_panel(rng, *, sessions=150, bars=3, names=4):
    """Return a market with two volatilities, gaps, early closes, changing members and corporate actions."""
    ts = axis(sessions, bars)
    early = (np.arange(sessions) % 23 == 11).repeat(bars) & (np.arange(len(ts)) % bars == bars - 1)
    ts = ts[~early]
    rows = len(ts)
    calm = (np.arange(rows) // 60) % 2 == 0
    moves = rng.normal(0.0, np.where(calm, 0.004, 0.015)[:, None], (rows, names))
    close = 50.0 * np.exp(np.cumsum(moves, axis=0))
    traded = rng.random((rows, names)) > 0.1
    traded[0] = True
    last = np.maximum.accumulate(np.where(traded, np.arange(rows)[:, None], 0), axis=0)
    close = np.take_along_axis(close, last, axis=0)
    acting = range(names if sessions >= 80 else 0)
    rows_of_actions = [int(np.flatnonzero(traded[:, n])[40 + 50 * n]) for n in acting]
    return panel_of(
        close,
        ts=ts,
        opens=np.where(traded, close, np.nan),
        member=rng.random((rows, names)) > 0.2,
        macro=rng.normal(size=(rows, 2)),
        macro_names=("m0", "m1"),
        actions=[(row, n, 1.0 + n % 2, 0.3) for n, row in enumerate(rows_of_actions)],
    )
