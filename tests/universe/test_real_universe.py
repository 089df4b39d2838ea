"""`ploutos data` with `universe=momentum_top_k` on real files: from raw rows to what the slots show."""

from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import polars as pl
import pytest

from ploutos.apps.composing import composed
from ploutos.apps.parts import build
from ploutos.panel.slots import EMPTY, assign_slots

SPELLS = "sp500_pit_ticker_start_end_1996_2025.parquet"
DAILY = ["data=parquet", "data.bar_minutes=null", "data.columns.ts=date", "data.delisted_after_sessions=20"]
COMMON = ["universe=momentum_top_k", "macro=none"]
K = 50

pytestmark = pytest.mark.real_data


def built(folder, rows, spells, *overrides):
    """Write `rows` to a file, and build and map its panel as the command does."""
    rows.write_parquet(folder / "bars.parquet")
    own = [f"data.path={folder / 'bars.parquet'}", f"universe.index_spells={spells}"]
    own.append(f"panel.folder={folder / 'panels'}")
    with composed("data", [*DAILY, *COMMON, *own, *overrides], None) as config:
        parts = [build(config[name]) for name in ("data", "macro", "universe", "features")]
        return build(config.panel).open_or_build(*parts)


@pytest.fixture(scope="module")
def spells(real_data):
    return real_data / SPELLS


@pytest.fixture(scope="module")
def rows(real_data):
    """Three years and a quarter around the crisis of 2008: nobody ends, several names are halted."""
    frame = pl.read_parquet(real_data / "hugestock_pit_members_daily_1962_2017_adj.parquet")
    return frame.filter(pl.col("date").is_between(date(2007, 1, 3), date(2010, 4, 9)))


@pytest.fixture(scope="module")
def panel(rows, spells, tmp_path_factory):
    return built(tmp_path_factory.mktemp("hugestock"), rows, spells)


@pytest.fixture(scope="module")
def ending(real_data, spells, tmp_path_factory):
    """Members of the index in 2015 - 2017, of which many are taken over and end while they are chosen."""
    frame = pl.read_parquet(real_data / "pystock_us_daily_2015_2017_raw_pit.parquet")
    names = pl.read_parquet(spells)["ticker"].unique().to_list()
    folder = tmp_path_factory.mktemp("pystock")
    chosen = frame.filter(pl.col("ticker").is_in(names))
    return built(folder, chosen, spells, "data.columns.asof=asof", "universe.min_volatility_annual=0.1")


def days(panel):
    """Return the New York date of each row."""
    stamps = pd.to_datetime(panel.ts, unit="us", utc=True).tz_convert("America/New_York")
    return [stamp.date() for stamp in stamps]


def in_force(panel):
    """Return [T, N] from the picks that the report tells: from the close before each date on."""
    wanted, when = np.zeros(panel.member.shape, bool), np.array(days(panel))
    for entry in panel.quality["universe"]["rebalances"]:
        row = int((when < date.fromisoformat(entry["date"])).sum()) - 1
        wanted[row:] = np.isin(panel.tickers, entry["picks"])
    return wanted


def strongest(rows, first, members):
    """Return the picks on `first` by pandas, from the raw rows of the days before it."""
    inside = (pl.col(name).is_between("low", "high") for name in ("open", "close"))
    frame = rows.filter(pl.col("date") < first, *inside).to_pandas()
    close, volume = (frame.pivot(index="date", columns="ticker", values=v) for v in ("close", "volume"))
    if len(close) < 253:
        return []
    window, recent, known = close.iloc[-253:], close.ffill(limit=5), close.ffill().iloc[-64:]
    momentum = recent.iloc[-22] / recent.iloc[-253] - 1
    ok = close.columns.isin(members) & close.iloc[-1].notna() & (window.notna().mean() >= 0.95)
    ok &= momentum.notna() & (np.log(known).diff().std(ddof=1) * 251.55**0.5 >= 0.15)
    ok &= (close * volume).iloc[-63:].fillna(0.0).median() >= 5e6
    return momentum[ok].sort_index().sort_values(ascending=False, kind="stable").index[:K].tolist()


def members_on(spells, day):
    return {
        name
        for name, start, end in pl.read_parquet(spells).rows()
        if start <= day and (end is None or day < end)
    }


def test_each_quarter_holds_the_picks_of_the_raw_rows(panel, rows, spells):
    """The report's picks are those of another library; the panel's members are those that it can show."""
    sessions = sorted(rows["date"].unique())
    firsts = [b for a, b in pairwise(sessions) if (a.month - 1) // 3 != (b.month - 1) // 3]
    told = {entry["date"]: entry for entry in panel.quality["universe"]["rebalances"]}
    assert list(told) == [first.isoformat() for first in firsts]
    known = np.isfinite(panel.features).all(axis=-1)
    full = 0
    for first, end in zip(firsts, [*firsts[1:], None], strict=True):
        picks = strongest(rows, first, members_on(spells, first))
        assert told[first.isoformat()]["picks"] == picks
        full += len(picks) == K
        begin, stop = sessions.index(first) - 1, len(sessions) if end is None else sessions.index(end) - 1
        chosen = np.isin(panel.tickers, picks)
        assert (panel.member[begin:stop] == (chosen & known[begin:stop])).all()
        assert panel.member[begin:stop, chosen].sum() > 0.99 * (stop - begin) * len(picks) or not picks
    assert full == 9, "the first year is history; each quarter from 2008-04 on has 50 names"


def test_the_report_says_who_has_no_prices(panel, rows, spells):
    """From the stored panel; a member has a price where it has a bar in the last six sessions."""
    told = panel.quality["universe"]
    sessions, shares = sorted(rows["date"].unique()), []
    for entry in told["rebalances"]:
        first = date.fromisoformat(entry["date"])
        recent = sessions[sessions.index(first) - 6 : sessions.index(first)]
        priced = set(rows.filter(pl.col("date").is_in(recent))["ticker"])
        members = members_on(spells, first)
        assert entry["index_without_prices"] == len(members - priced)
        assert entry["index_members"] == len(members)
        shares.append(len(members - priced) / len(members))
    assert told["survivorship"]["without_prices_share_mean"] == pytest.approx(np.mean(shares))
    assert min(shares) > 0.4, "the file holds companies that still traded in 2017"


@pytest.mark.parametrize("market", ["panel", "ending"])
def test_slots_are_stable(market, request):
    """Who stays keeps its slot; who is not shown waits for a leaver that has not been sold."""
    made = request.getfixturevalue(market)
    wanted, asset, traded = in_force(made), made.slot_asset, np.isfinite(made.open)
    assert asset.shape == (len(made.ts), K)
    moved = waited = 0
    for t in range(1, len(asset)):
        before, now = asset[t - 1], asset[t]
        shown = now[now != EMPTY]
        assert len(set(shown)) == len(shown)
        stays = (before != EMPTY) & wanted[t - 1, before] & wanted[t, before]
        assert (now[stays] == before[stays]).all()
        changed = (before != EMPTY) & (now != before)
        assert all(sold(made, wanted, traded, name, t) for name in before[changed])
        unseen = set(np.flatnonzero(wanted[t])) - set(shown)
        kept = [name for name in shown if not wanted[t, name]]
        assert not unseen or (len(shown) == K and len(kept) >= len(unseen))
        assert not (unseen and any(sold(made, wanted, traded, name, t) for name in kept))
        moved, waited = moved + changed.sum(), waited + bool(unseen)
    assert moved > 50 and waited > 5


def test_names_end_while_they_are_chosen(ending):
    """Cameron, Cablevision, Spectra, SanDisk and Time Warner Cable were taken over.

    Their slots go on showing them, no longer members, up to the next choice, and not a row longer.
    """
    wanted, asset = in_force(ending), ending.slot_asset
    changes = np.flatnonzero((wanted[1:] != wanted[:-1]).any(axis=1)) + 1
    ended = [n for n, bar in enumerate(ending.delist_bar) if bar >= 0 and wanted[bar, n]]
    assert [ending.tickers[name] for name in ended] == ["CAM", "CVC", "SE", "SNDK", "TWC"]
    for name in ended:
        bar = ending.delist_bar[name]
        turn = next((int(t) for t in changes if t > bar), len(wanted))
        assert not ending.member[bar:, name].any()
        assert (asset[bar:turn] == name).any(axis=1).all()
        assert not (asset[turn:] == name).any()


def sold(panel, wanted, traded, name, t):
    """Say whether a holding of a name that is out at row t - 1 is gone before row t."""
    if 0 <= panel.delist_bar[name] < t:
        return True
    left = t - wanted[:t, name][::-1].argmax()  # the first row since which it is out
    return not wanted[t - 1, name] and bool(traded[left + 1 : t, name].any())


def test_slots_show_what_the_panel_holds(panel):
    for t in range(0, len(panel.ts), 7):
        for k, name in enumerate(panel.slot_asset[t]):
            if name == EMPTY:
                assert not panel.slot_member[t, k] and panel.slot_prices[t, 4, k] == 0
                continue
            assert panel.slot_member[t, k] == panel.member[t, name]
            np.testing.assert_array_equal(panel.slot_features[t, k], panel.features[t, name])
            np.testing.assert_array_equal(panel.slot_prices[t, :, k], panel.prices[t, :, name])


def test_the_time_line_of_one_rebalance(panel):
    """2009-04-01: decided at the close of 31 March, sold on 1 April, shown on 2 April, bought on 3 April."""
    entries = {entry["date"]: entry for entry in panel.quality["universe"]["rebalances"]}
    old, new = (set(entries[day]["picks"]) for day in ("2009-01-02", "2009-04-01"))
    row = days(panel).index(date(2009, 3, 31))

    def names(asset, t):
        return {panel.tickers[n] for n in asset[t] if n != EMPTY}

    assert 5 < len(new - old) < 45
    assert [names(panel.slot_asset, row + k) for k in (-1, 0, 1, 2)] == [old, old, old, new]
    assert {panel.tickers[n] for n in np.flatnonzero(panel.member[row])} == new
    wide = assign_slots(in_force(panel), np.isfinite(panel.open), panel.delist_bar, 2 * K)
    assert [names(wide, row + k) for k in (-1, 0, 1, 2)] == [old, old | new, old | new, new]
