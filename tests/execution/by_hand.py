"""Plays markets that were calculated by hand, on the kernel and on the reference."""

from types import SimpleNamespace

import numpy as np
import pytest
from arena import episode_by_hand, run_kernel
from compare import disagreements
from rulebooks import rulebook

NAN = float("nan")
DAY = 86_400_000_000  # microseconds


def play(
    opens,
    closes,
    targets,
    *,
    bps=10.0,
    costs=None,
    account=None,
    fill="next_open",
    stops=None,
    capital=1e4,
    **market,
):
    """Return the ledger and outcome of the only portfolio after every bar: [K], or [K, N] by name.

    `bps` or `costs`, `account`, `fill` and `stops` are those of `rulebook`, the rest those of `make_market`.
    """
    episode = episode_by_hand(opens, closes, targets, **market)
    rules = rulebook(
        episode.targets.shape[-1],
        account=account,
        costs=bps if costs is None else costs,
        fill=fill,
        stops=stops,
    )
    assert disagreements(episode, rules, capital=capital) == []
    told = run_kernel(episode, rules.parts, capital=capital)
    ledgers = {name: np.array([getattr(s.ledger, name)[0] for s in told]) for name in told[0].ledger._fields}
    outcomes = {
        name: np.array([getattr(s.outcome, name)[0] for s in told]) for name in told[0].outcome._fields
    }
    return SimpleNamespace(**ledgers, **outcomes)


def cents(*values):
    """Return what is equal to `values` to the cent."""
    return pytest.approx(values[0] if len(values) == 1 else list(values), abs=0.005)
