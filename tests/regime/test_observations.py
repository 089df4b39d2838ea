"""What a model sees: by hand, by session, and never from later."""

import math

import numpy as np
import pytest
from regime_panels import HOUR, NEW_YORK, UTC, axis, cut, hmm, panel_of, random_panel

from ploutos.regime.clock import session_ends
from ploutos.regime.market_moves import session_moves
from ploutos.regime.observations import Inputs, observe
from ploutos.types import ConfigError

ALL = Inputs(("return", "volatility", "breadth"), (), 2)


def slow_moves(panel):
    """The definitions, name by name and session by session, with total-return prices."""
    rows, names = panel.close.shape
    dates = panel.clock.dates(panel.ts)
    wealth = np.array(panel.close)
    for row, n, split, dividend in zip(
        panel.action_bar, panel.action_asset, panel.action_split, panel.action_dividend, strict=True
    ):
        wealth[row:, n] *= split / (1.0 - split * dividend / panel.close[row - 1, n])
    out = np.full((3, rows), np.nan)
    for t in range(rows):
        base = int(np.searchsorted(dates, dates[t])) - 1
        if base < 0:
            continue
        bars = range(base + 1, t + 1)
        who = [
            n
            for n in range(names)
            if panel.member[base, n] and any(np.isfinite(panel.open[b, n]) for b in bars)
        ]
        if not who:
            continue
        moves = [math.log(wealth[t, n] / wealth[base, n]) for n in who]
        out[0, t] = sum(moves) / len(who)
        out[1, t] = sum(1.0 if m > 1e-15 else 0.5 if abs(m) <= 1e-15 else 0.0 for m in moves) / len(who)
        out[2, t] = 0.0
        for b in bars:
            here = [n for n in range(names) if panel.member[base, n] and np.isfinite(panel.open[b, n])]
            if here:
                mean = sum(math.log(wealth[b, n] / wealth[b - 1, n]) for n in here) / len(here)
                out[2, t] += mean**2
    return out


@pytest.mark.parametrize("seed", range(4))
def test_moves_of_a_session_by_their_definition(seed):
    panel = random_panel(np.random.default_rng(seed), sessions=80)
    rows = slice(0, len(panel.ts))
    found = session_moves(panel, rows, session_ends(panel.ts, panel.clock).session)
    np.testing.assert_allclose(np.stack(found), slow_moves(panel), atol=1e-12)
    assert np.isfinite(found[0]).sum() > 200


def test_a_split_and_a_dividend_are_no_move():
    ts = axis(3, 2)
    close = np.full((6, 2), 100.0)
    close[4:, 0] = 49.0  # two for one, and 1.0 a new share
    panel = panel_of(close, ts=ts, actions=[(4, 0, 2.0, 1.0)])
    moved, rose, variance = session_moves(panel, slice(0, 6), np.repeat([0, 1, 2], 2))
    np.testing.assert_allclose(moved[2:], 0.0, atol=1e-15)
    assert np.isnan(moved[:2]).all() and variance[2] == 0.0
    assert rose[2] == 0.5


def test_observations_by_hand():
    """Two names, two bars a session; the values at the last bars of sessions 1 and 2."""
    ts = axis(3, 2)
    close = np.array([[100, 10], [100, 10], [101, 10], [102, 9.9], [102, 9.9], [103, 9.8]])
    ends, values = observe(panel_of(close, ts=ts), ALL, slice(0, 6))
    assert ends.row.tolist() == [1, 3, 5] and ends.final.all()
    assert np.isnan(values[0]).all() and np.isnan(values[1]).all()  # volatility needs two sessions
    one = (math.log(102 / 100) + math.log(9.9 / 10)) / 2
    two = (math.log(103 / 102) + math.log(9.8 / 9.9)) / 2
    first = (math.log(1.01) / 2) ** 2 + ((math.log(102 / 101) + math.log(0.99)) / 2) ** 2
    expected = [two, 0.5 * math.log((first + two**2) / 2), 0.5]
    np.testing.assert_allclose(values[2], expected, rtol=1e-12)
    alone = Inputs(("return",), (), 1)
    np.testing.assert_allclose(observe(panel_of(close, ts=ts), alone, slice(0, 6))[1][1:, 0], [one, two])


def test_the_last_bar_is_told_by_the_time_of_day_and_early_closes_are_seen_late():
    ts = axis(12, 3)
    early = np.delete(ts, 8 * 3 + 2)  # session 8 ends an hour early
    ends = session_ends(early, UTC)
    assert ends.closing.reshape(-1)[: 3 * 3].tolist() == [False] * 5 + [True] + [False, False, True]
    last_of_8 = 8 * 3 + 1
    assert last_of_8 in ends.row and not ends.closing[last_of_8]
    assert ends.closing[3 * 9 + 1] and not ends.closing[3 * 9]  # the day after counts as usual
    longer = np.sort(np.append(ts, ts[8 * 3 + 2] + HOUR))  # session 8 goes on for an hour
    ends = session_ends(longer, UTC)
    assert ends.closing[8 * 3 + 2] and ends.closing[8 * 3 + 3]
    assert ends.final[ends.row == 8 * 3 + 2].tolist() == [False]


def test_daily_bars_and_summer_time():
    days = np.arange(0, 420, 1)
    ts = np.array([MIDNIGHT + 86_400_000_000 * d for d in days], np.int64)
    local = [20 if 67 <= d < 305 else 21 for d in days]  # 16:00 in New York
    ts += np.array(local, np.int64) * HOUR
    ends = session_ends(ts, NEW_YORK)
    assert ends.final.all() and len(ends.row) == len(ts)
    assert ends.closing[1:].all() and not ends.closing[0]


MIDNIGHT = 1_577_836_800_000_000  # 2020-01-01 UTC


@pytest.mark.parametrize("seed", range(3))
def test_what_comes_later_changes_no_earlier_bit(seed):
    """Every cut, inside sessions as well; columns of the filter and the series themselves."""
    rng = np.random.default_rng(seed)
    panel = random_panel(rng)
    model = hmm(macro=("m1",), min_states=2, max_states=2, min_share=0.2)
    fitted = model.fit(panel, slice(0, 350))
    _, whole = fitted.columns(panel)
    assert len(np.unique(whole[:, 0])) > 60
    for rows in [*range(1, 60), *rng.integers(60, len(panel.ts), 60)]:
        _, part = fitted.columns(cut(panel, int(rows)))
        assert part.tobytes() == whole[:rows].tobytes(), rows


def test_the_fit_reads_its_rows_alone():
    rng = np.random.default_rng(5)
    panel = random_panel(rng)
    rows = slice(31, 300)
    other = random_panel(np.random.default_rng(6))
    prices, member, macro = np.array(other.prices), np.array(other.member), np.array(other.macro)
    prices[rows], member[rows], macro[rows] = panel.prices[rows], panel.member[rows], panel.macro[rows]
    mixed = panel_of(
        prices[:, 3],
        ts=panel.ts,
        opens=prices[:, 0],
        member=member,
        macro=macro,
        macro_names=panel.macro_names,
        actions=[(b, n, 1.0 + n % 2, 0.3) for n, b in enumerate(panel.action_bar) if 31 <= b < 300],
    )
    model = hmm(macro=("m0",), min_states=2, max_states=2)
    assert model.fit(panel, rows).as_dict() == model.fit(mixed, rows).as_dict()
    assert model.fit(panel, rows).as_dict() != model.fit(other, rows).as_dict()


def test_a_macro_column_that_is_not_there_is_named():
    panel = random_panel(np.random.default_rng(0), sessions=10)
    with pytest.raises(ConfigError, match=r"regime\.macro: unknown value 'm2'.*m1"):
        hmm(macro=("m2",)).check(panel)
