"""Prices that contradict the known splits: on markets whose splits and crashes are known, on real files."""

from datetime import date
from itertools import pairwise
from math import exp, log

import numpy as np
import polars as pl
import pytest
from quality_bars import check, quality
from scipy.stats import norm, t
from split_bars import action, daily, hours, table, with_split

from ploutos.data.quality.jump_evidence import SPAN, TURNOVER, calm, for_split, nearest_ratio, ratio_text
from ploutos.types import DataError

NAMES = ("split_not_in_price", "undeclared_split")
LARGE = [
    "2:1",
    "3:1",
    "4:1",
    "5:1",
    "7:1",
    "10:1",
    "20:1",
    "50:1",
    "3:2",
    "5:2",
    "1:2",
    "1:4",
    "1:10",
    "1:25",
]
SMALL = ["11:10", "6:5", "5:4", "4:3"]


def number(ratio):
    new, old = ratio.split(":")
    return int(new) / int(old)


def judged(frame, splits=None, rules=None, **more):
    """Return both findings of bars in the sessions of `split_bars.table`."""
    sessions = table(frame["ts"].dt.date().n_unique() + 5)
    _, report = check(frame, rules, sessions, splits=splits, **more)
    return tuple(report[name] for name in NAMES)


def counts(frame, splits=None, **more):
    return tuple(each["count"] for each in judged(frame, splits, **more))


@pytest.mark.parametrize("ratio", LARGE)
@pytest.mark.parametrize("seed", range(3))
def test_a_split_that_nobody_declared_is_named_and_a_declared_one_is_none(ratio, seed):
    calm_bars = daily(seed=seed, vol=0.015 + 0.005 * seed)
    assert counts(calm_bars) == (0, 0)
    frame = with_split(calm_bars, 200, number(ratio))
    absent, untold = judged(frame)
    assert (absent["count"], untold["count"]) == (0, 1)
    (example,) = untold["examples"]
    assert example["ratio"] == ratio
    assert example["ts"] == frame["ts"][200].isoformat()
    assert (example["before"], example["open"]) == (frame["close"][199], frame["open"][200])
    assert (untold["severity"], untold["action"]) == ("error", "kept") and "data.columns.split" in untold[
        "remedy"
    ]
    assert counts(frame, action(frame, 200, number(ratio))) == (0, 0)


@pytest.mark.parametrize("ratio", [*LARGE, *SMALL])
@pytest.mark.parametrize("seed", range(3))
def test_a_declared_split_at_which_the_price_did_not_move(ratio, seed):
    frame = daily(seed=seed, vol=0.01)
    absent, untold = judged(frame, action(frame, 200, number(ratio)))
    assert (absent["count"], untold["count"]) == (1, 0)
    (example,) = absent["examples"]
    assert example["split"] == pytest.approx(number(ratio)) and example["ratio"] == "1:1"
    assert absent["severity"] == "error" and "data.actions.split=null" in absent["remedy"]


@pytest.mark.parametrize("ratio", SMALL)
def test_a_bonus_issue_is_seen_where_the_volatility_allows(ratio):
    """Of twenty calm names most show it, of twenty wild ones hardly any; without one, no calm one does."""
    calm_names = [daily(seed=seed, vol=0.005 if ratio == "11:10" else 0.008) for seed in range(20)]
    wild_names = [daily(seed=seed, vol=0.06) for seed in range(20)]
    assert sum(counts(frame)[1] for frame in calm_names) == 0
    seen, wild = (
        sum(counts(with_split(frame, 200, number(ratio)))[1] for frame in names)
        for names in (calm_names, wild_names)
    )
    assert seen >= 12 and wild <= 3


@pytest.mark.parametrize("move", [-log(2), -log(4), -log(1.5), log(2), log(1.25), -0.5, -1.0])
def test_real_jumps_of_the_same_size_are_no_splits(move):
    """They come with many times the turnover and range, as most do: none of twenty is called a split."""
    for seed in range(20):
        jump = (200, move + 0.004 * (seed % 5), 14.0 + seed, 3.0)
        assert counts(daily(seed=seed, jumps=[jump])) == (0, 0), seed


def test_a_price_that_comes_back_is_no_split():
    frame = daily()
    slip = pl.when(pl.int_range(pl.len()) == 200).then(4.0).otherwise(1.0)
    prices = [pl.col(name) / slip for name in ("open", "high", "low", "close")]
    assert counts(frame.with_columns(*prices)) == (0, 0)


def test_the_wrong_way_round_and_the_wrong_day():
    frame = with_split(daily(), 200, 4.0)
    absent, untold = judged(frame, action(frame, 200, 0.25))
    assert (absent["count"], untold["count"]) == (1, 0)
    assert absent["examples"][0]["ratio"] == "4:1" and absent["examples"][0]["split"] == 0.25
    for day in (198, 201, 203):
        absent, untold = judged(frame, action(frame, day, 4.0))
        assert absent["examples"][0]["ts"] == frame["ts"][day].isoformat()
        assert untold["examples"][0]["ts"] == frame["ts"][200].isoformat()
    other = judged(frame, action(frame, 200, 2.0))[0]
    assert other["count"] == 1 and other["examples"][0]["ratio"] == "4:1"


def test_a_known_dividend_explains_its_fall():
    frame = daily(vol=0.01)
    paid = 0.2 * frame["close"][199]  # a fifth of the price, as after a 5:4 split
    fallen = with_split(frame, 200, 1 / 0.8).with_columns(volume=frame["volume"])
    assert counts(fallen)[1] == 1
    assert counts(fallen, action(fallen, 200, dividend=paid)) == (0, 0)


@pytest.mark.parametrize("ratio", ["4:1", "3:2", "1:10"])
def test_hours_and_files_without_opens_or_volumes(ratio):
    frame = with_split(daily(vol=0.01), 200, number(ratio))
    example = judged(hours(frame), bar_minutes=60)[1]["examples"][0]
    assert example["ratio"] == ratio and example["ts"] == hours(frame)["ts"][6 * 200].isoformat()
    before = frame["close"].shift(1).fill_null(frame["open"][0])
    for poorer in (
        {"open": pl.col("close"), "high": pl.col("close"), "low": pl.col("close")},  # closes only
        {
            "open": before,
            "high": pl.max_horizontal(before, "close"),
            "low": pl.min_horizontal(before, "close"),
        },
        {"volume": pl.lit(0.0)},
    ):
        assert judged(frame.with_columns(**poorer))[1]["examples"][0]["ratio"] == ratio


def test_names_are_judged_by_themselves():
    quiet, wild = daily(ticker="AAA", vol=0.01), daily(ticker="WILD", vol=0.08)
    both = pl.concat([with_split(quiet, 200, 1.5), with_split(wild, 200, 1.5)])
    untold = judged(both)[1]
    assert [example["ticker"] for example in untold["examples"]] == ["AAA"]
    again = judged(
        pl.concat([with_split(quiet, 200, 1.5), with_split(daily(ticker="BBB", vol=0.01), 200, 3.0)])
    )
    assert [example["ratio"] for example in again[1]["examples"]] == ["3:2", "3:1"]


def test_the_rule_tells_and_changes_nothing_and_strict_refuses_at_the_first():
    frame = with_split(with_split(daily(), 150, 2.0), 250, 3.0)
    kept, report = check(frame, None, table(405))
    assert report["undeclared_split"]["count"] == 2 and kept.equals(frame)
    with pytest.raises(
        DataError, match=r"^bars.parquet: ticker AAA at 2018-07-30T.* like a 2:1 split that is not"
    ):
        judged(frame, rules=quality("strict"))
    declared = action(frame, 100, 4.0)
    with pytest.raises(
        DataError, match=r"at 2018-05-21T.*: a split of 4 is declared, but the price went from"
    ):
        judged(frame, declared, rules=quality("strict"))


@pytest.mark.parametrize(("move", "width"), [(0.69, 0.012), (-1.4, 0.03), (0.18, 0.02)])
def test_evidence_is_a_ratio_of_densities(move, width):
    split = log(2)
    by_scipy = t.logpdf((move - split) / width, 3) - t.logpdf(move / width, 3)
    assert for_split(move, split, width) == pytest.approx(by_scipy)
    for given in (TURNOVER, SPAN):
        (split_mean, split_sd), (jump_mean, jump_sd) = given
        expected = norm.logpdf(0.7, split_mean, split_sd) - norm.logpdf(0.7, jump_mean, jump_sd)
        found = calm(np.array([exp(0.7), 0.0, 1.0]), np.array([1.0, 1.0, 0.0]), given)
        assert found == pytest.approx([expected, 0.0, 0.0])
    assert (
        ratio_text(nearest_ratio(log(2.03), 0.02)) == "2:1"
        and ratio_text(nearest_ratio(-log(9.9), 0.02)) == "1:10"
    )


@pytest.mark.real_data
def test_a_raw_file_shows_its_known_splits_and_beside_its_lines_none(real_data, parquet):
    """Every split of 3:2 and more of the factor lines, no other, and nothing where they are declared."""
    from lean_by_hand import DAILY, LINES

    settings = {"columns": {"ts": "date"}, "bar_minutes": None}
    names = ["AAPL", "IBM", "QQQ", "BAC", "IWM", "EEM", "SPY"]
    raw = parquet(real_data / DAILY, tickers=names, **settings).load()
    lines = pl.read_parquet(real_data / LINES).filter(kind="factor_files")
    known = set()
    for ticker in names:
        parts = sorted(line.split(",") for line in lines.filter(ticker=ticker)["line"])
        known |= {
            (ticker, date.fromisoformat(f"{a[0][:4]}-{a[0][4:6]}-{a[0][6:]}"))
            for a, b in pairwise(parts)
            if abs(log(float(b[2]) / float(a[2]))) > log(1.4)
        }
    found = next(rule for rule in raw.quality["rules"] if rule["rule"] == "undeclared_split")
    assert len(known) >= 8 and found["count"] == len(known) and found["tickers"] == len({n for n, _ in known})
    beside = parquet(
        real_data / DAILY, "actions=lean_factors", actions={"path": str(real_data / LINES)}, **settings
    )
    absent = next(r for r in beside.load().quality["rules"] if r["rule"] == "split_not_in_price")
    assert absent["count"] == 0


@pytest.mark.real_data
def test_false_alarms_on_adjusted_real_bars_are_rare(real_data, parquet):
    path = real_data / "ploutos_us_hourly_2020_2026_UTC.parquet"
    rules = {rule["rule"]: rule for rule in parquet(path).load().quality["rules"]}
    assert [rules[name]["count"] for name in NAMES] == [0, 0]
    huge = pl.read_parquet(real_data / "hugestock_pit_members_daily_1962_2017_adj.parquet")
    chosen = (
        np.random.default_rng(0).choice(huge["ticker"].unique().sort().to_numpy(), 60, replace=False).tolist()
    )
    settings = {"columns": {"ts": "date"}, "bar_minutes": None, "tickers": chosen}
    bars = parquet(real_data / "hugestock_pit_members_daily_1962_2017_adj.parquet", **settings).load()
    found = next(rule for rule in bars.quality["rules"] if rule["rule"] == "undeclared_split")
    assert bars.frame.height > 200_000 and found["count"] <= 3
