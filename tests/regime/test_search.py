"""The search for the likeliest model: every seed finds the same one, also where there are many maxima."""

import itertools
import logging

import numpy as np
import polars as pl
import pytest
from hmmlearn.hmm import GaussianHMM
from regime_panels import hmm, panel_of

from ploutos.regime import starts
from ploutos.regime.baum_welch import Climb, Settings, best_of_starts, climbed
from ploutos.regime.filter import filtered
from ploutos.regime.observations import Inputs, observe
from ploutos.regime.starts import Guess

SHIPPED = {"starts": 24, "max_iterations": 200, "tolerance": 1e-3}
INPUTS = Inputs(("return", "volatility", "breadth"), (), 10)
SEEDS = range(6)


def look(seed, **changed):
    return Settings(
        **({"covariance": "full", "seed": seed, "min_share": 0.03, "overlap": 10} | SHIPPED | changed)
    )


def restless(seed, rows=700, names=20):
    """Return the series [R, 3] of a market whose volatility wanders and jumps: no K states describe it."""
    rng = np.random.default_rng(seed)
    level = np.cumsum(rng.normal(0, 0.06, rows)) + 0.8 * (np.arange(rows) // 170 % 2)
    size = 0.008 * np.exp(0.6 * (level - level.mean()) / level.std())
    common = rng.standard_t(5, rows) * size
    moves = common[:, None] + rng.normal(0, 1, (rows, names)) * size[:, None]
    volatility = [0.5 * np.log(np.mean(moves[t - 9 : t + 1].mean(axis=1) ** 2)) for t in range(9, rows)]
    values = np.stack([moves[9:].mean(axis=1), volatility, (moves[9:] > 0).mean(axis=1)], axis=1)
    return (values - values.mean(axis=0)) / values.std(axis=0)


def labels(candidate, values):
    """Return the likeliest state of each row, states by their volatility."""
    model = candidate.model.in_order(np.argsort(candidate.model.covariances[:, 0, 0]))
    every = np.ones(len(values), np.bool_)
    told = filtered(
        values,
        every,
        start=model.start,
        transition=model.transition,
        means=model.means,
        covariances=model.covariances,
    )
    return told.argmax(axis=1)


def least_agreement(found):
    return min(float(np.mean(a == b)) for a, b in itertools.combinations(found, 2))


def best_of_many(values, states, tries):
    """Return the best log-likelihood that hmmlearn finds by itself, of states with 3 % of the rows."""
    best = -np.inf
    logging.getLogger("hmmlearn").setLevel(logging.ERROR)
    for seed in range(tries):
        model = GaussianHMM(states, covariance_type="full", n_iter=200, tol=1e-3, random_state=seed)
        rows = np.random.default_rng(seed).integers(0, len(values), states)
        model.init_params = "stc" if seed else "stmc"
        if seed:
            model.means_ = values[rows]
        try:
            model.fit(values)
            if model.predict_proba(values).mean(axis=0).min() >= 0.03:
                best = max(best, model.score(values))
        except ValueError:
            continue
    return best


def five_long_climbs(values, states, seed):
    """Return the likeliest end of five climbs from rows far apart, the usual way to fit."""
    ends = []
    for number in range(5):
        rng = np.random.default_rng([seed, states, number])
        foot = Climb.at(starts.spread_out(values, states, rng))
        ends.append(climbed(values, foot, look(seed), 200))
    sound = [end for end in ends if end is not None and end.rarest >= 0.03]
    return max(sound, key=lambda end: end.log_likelihood)


@pytest.mark.parametrize(("market", "states"), [(0, 3), (3, 4)])
def test_every_seed_finds_the_same_states(market, states):
    """Where five climbs to the end do not: their best ones lie far apart."""
    values = restless(market)
    found = [best_of_starts(values, states, look(seed)) for seed in SEEDS]
    assert least_agreement([labels(one, values) for one in found]) >= 0.95
    heights = [one.log_likelihood for one in found]
    assert max(heights) - min(heights) < 1.0
    usual = [five_long_climbs(values, states, seed).log_likelihood for seed in SEEDS]
    assert max(usual) < max(heights) + 1.0
    assert min(usual) < min(heights) - 50.0


def test_nobody_else_finds_a_likelier_model():
    values = restless(1)
    assert best_of_starts(values, 4, look(5)).log_likelihood > best_of_many(values, 4, 15) - 1.0


def test_where_scaled_probabilities_underflow_logarithms_go_on():
    """States far from everything, and so narrow that every row has the probability 0 in floats."""
    values = restless(2, rows=300)
    means = np.array([[9.0, 9.0, 9.0], [-9.0, 9.0, -9.0]])
    foot = Climb.at(Guess(means, np.tile(0.01 * np.eye(3), (2, 1, 1))))

    def fit(implementation):
        model = GaussianHMM(
            2, covariance_type="full", n_iter=5, tol=1e-3, init_params="", implementation=implementation
        )
        model.startprob_, model.transmat_ = foot.start, foot.transition
        model.means_, model.covars_ = foot.means, foot.covariances
        return model.fit(values)

    with pytest.raises(ValueError, match="underflow"):
        fit("scaling")
    end = climbed(values, foot, look(0), 5)
    np.testing.assert_allclose(end.means, fit("log").means_)


def test_one_start_is_enough_to_fit_and_none_that_is_sound_is_told():
    values = restless(2, rows=300)
    assert best_of_starts(values, 2, look(0, starts=1)).log_likelihood > -3 * 300 * 2
    assert best_of_starts(values, 4, look(0, starts=3, min_share=0.5)) is None


@pytest.mark.parametrize("kind", starts.KINDS)
@pytest.mark.parametrize(("rows", "states"), [(60, 5), (61, 2), (900, 4)])
def test_guesses_are_proper_moments_inside_the_data(kind, rows, states):
    values = restless(4)[:rows]
    for seed in range(5):
        means, covariances = kind(values, states, np.random.default_rng(seed))
        assert means.shape == (states, 3) and covariances.shape == (states, 3, 3)
        assert (means >= values.min(axis=0)).all() and (means <= values.max(axis=0)).all()
        assert np.linalg.eigvalsh(covariances).min() > 0
        np.testing.assert_allclose(covariances, covariances.swapaxes(1, 2))


def test_a_segment_has_the_moments_of_its_rows():
    values = np.arange(1200.0).reshape(400, 3) % 7
    means, covariances = starts.segments(values, 3, np.random.default_rng(8))
    rng = np.random.default_rng(8)
    length = int(rng.integers(20, 400 // 6 + 1))
    for k, first in enumerate(rng.integers(0, 400 - length + 1, 3)):
        part = values[first : first + length]
        np.testing.assert_allclose(means[k], part.mean(axis=0))
        shrunk = (length * np.cov(part.T, ddof=0) + 5 * np.cov(values.T, ddof=0)) / (length + 5)
        np.testing.assert_allclose(covariances[k], shrunk)


@pytest.fixture(scope="module")
def daily(real_data):
    """The equal-weight market of 393 names from 2000 to 2009."""
    raw = pl.scan_parquet(real_data / "hugestock_pit_members_daily_1962_2017_adj.parquet")
    years = raw.filter(pl.col("date").dt.year().is_between(2000, 2009), pl.col("close") > 0)
    wide = years.select("date", "ticker", "close").collect().pivot("ticker", index="date", values="close")
    wide = wide.sort("date")
    ts = wide["date"].cast(pl.Datetime("us")).dt.timestamp("us").to_numpy() + 21 * 3_600_000_000
    filled = wide.drop("date").select(pl.all().forward_fill()).to_numpy().astype(float)
    traded = np.isfinite(wide.drop("date").to_numpy().astype(float))
    return panel_of(filled, ts=ts, opens=np.where(traded, filled, np.nan), member=traded)


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize(("few", "many"), [(2, 2), (3, 3), (4, 4), (2, 5)])
def test_every_seed_finds_the_same_states_of_a_real_market(daily, few, many):
    told = []
    for seed in range(10):
        model = hmm(
            **(SHIPPED | {"seed": seed, "volatility_sessions": 10, "min_states": few, "max_states": many})
        )
        fitted = model.fit(daily, slice(0, len(daily.ts)))
        names, columns = fitted.columns(daily)
        told.append(np.array(names)[columns.argmax(axis=1)])
    print(f"{few} to {many} states: {least_agreement(told):.3f} of the labels agree")
    assert least_agreement(told) >= 0.95
    assert len(observe(daily, INPUTS, slice(0, len(daily.ts)))[1]) > 2500
