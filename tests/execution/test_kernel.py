"""The batched kernel against the scalar reference."""

import numpy as np
import pytest
from arena import CAPITAL, run_reference
from compare import disagreements
from episodes import random_episode
from hypothesis import given, settings
from hypothesis import strategies as st
from rulebooks import random_rulebook

episodes = {
    "seed": st.integers(0, 2**32 - 1),
    "paths": st.integers(1, 2),
    "batch": st.integers(1, 3),
    "rows": st.integers(2, 16),
    "assets": st.integers(1, 5),
    "messy": st.sampled_from([0.0, 0.5, 1.0]),
}
capitals = st.sampled_from([CAPITAL, 300.0])  # 300: a share or two of each name


def check(seed, capital, **shape):
    rules = random_rulebook(np.random.default_rng([seed, 1]), shape["assets"])
    told = disagreements(random_episode(seed, **shape), rules, capital=capital)
    assert not told, f"{told[0]} under {rules.rules}"


@settings(max_examples=600, deadline=None)
@given(capital=capitals, **episodes)
def test_the_kernel_is_the_reference(capital, seed, **shape):
    check(seed, capital, **shape)


@pytest.mark.slow
@settings(max_examples=2_000, deadline=None)
@given(capital=capitals, **episodes)
def test_the_kernel_is_the_reference_in_many_more_episodes(capital, seed, **shape):
    check(seed, capital, **shape)


def test_the_episodes_are_full_of_what_can_happen():
    """Otherwise the test above proves little: every part of the page is reached by some hundred episodes."""
    seen = dict.fromkeys(
        ("forced", "cool-down", "short", "debt", "ruin", "dividend", "interest", "flattened"), 0
    )
    for seed in range(150):
        episode = random_episode(seed, paths=1, batch=1, rows=14, assets=4, messy=1.0)
        rules = random_rulebook(np.random.default_rng([seed, 1]), 4)
        for portfolio in run_reference(episode, rules, 0):
            seen["forced"] += portfolio.bar.forced
            seen["flattened"] += portfolio.flat_until > 0
            seen["cool-down"] += bool(portfolio.cooldown)
            seen["short"] += any(p.shares < 0 for p in portfolio.positions.values())
            seen["debt"] += portfolio.cash < 0
            seen["ruin"] += portfolio.equity <= 0
            seen["dividend"] += portfolio.dividends != 0
            seen["interest"] += portfolio.financing > 0
    assert min(seen.values()) >= 20, seen
