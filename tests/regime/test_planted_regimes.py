"""The regimes planted in the synthetic market, out of sample."""

from datetime import date

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from regime_panels import hmm, panel_of

from ploutos.apps.conf_dir import conf_dir
from ploutos.apps.parts import build

SEEDS = range(8)


def market(seed):
    with initialize_config_dir(str(conf_dir())):
        config = compose("train", [f"data.seed={seed}", "data.n_assets=15", "data.years=10"])
        regime = compose("train", ["regime=hmm"]).regime
    path = build(config.data).simulate()
    alive = np.arange(len(path.ts))[:, None] <= path.last_row
    close = np.where(alive, path.close, path.close[path.last_row, np.arange(15)])
    panel = panel_of(close, ts=path.ts, opens=np.where(alive, path.open, np.nan), member=alive)
    return panel, np.array(path.regime_names)[path.regime], build(regime)


def balanced_accuracy(label, truth, names):
    """Mean over the planted regimes of the share of bars that were told right; chance is 1 / 3."""
    return float(np.mean([(label[truth == name] == name).mean() for name in names if (truth == name).any()]))


@pytest.fixture(scope="module")
def scores():
    """Balanced accuracy on the last 40 % of ten years of each seed, and that of labels moved in time."""
    found, chance = [], []
    for seed in SEEDS:
        panel, truth, model = market(seed)
        first = int(0.6 * len(truth))
        fitted = model.fit(panel, slice(0, first))
        _, columns = fitted.columns(panel)
        label, names = np.array(fitted.states)[columns.argmax(axis=1)], np.unique(truth)
        label, truth = label[first:], truth[first:]
        found.append(balanced_accuracy(label, truth, names))
        shifts = np.linspace(0.1, 0.9, 33) * len(truth)
        chance.append([balanced_accuracy(np.roll(label, int(k)), truth, names) for k in shifts])
    return np.array(found), np.array(chance)


@pytest.mark.slow
def test_the_shipped_settings_recover_the_planted_regimes(scores):
    """Labels moved in time keep their persistence and know nothing of the truth: that is chance here.

    The mean over seeds has to lie above the mean of the moved labels by five standard errors of the seeds.
    """
    found, chance = scores
    moved = chance.mean(axis=1)
    gain = found - moved
    error = gain.std(ddof=1) / np.sqrt(len(gain))
    print(f"balanced accuracy {found.round(2).tolist()}, mean {found.mean():.3f}; moved {moved.mean():.3f}")
    assert abs(moved.mean() - 1 / 3) < 0.05
    assert found.mean() > 0.55
    assert gain.mean() > 5 * error and (gain > 0).all()


def test_two_states_of_a_clean_market_are_told_apart():
    """One name, volatilities one to four: nothing but the filter's delay is left."""
    rng = np.random.default_rng(0)
    sessions, bars = 800, 4
    wild = (np.arange(sessions) // 40) % 2 == 1
    moves = rng.normal(
        np.where(wild, -0.001, 0.001)[:, None], np.where(wild, 0.02, 0.005)[:, None], (sessions, bars)
    )
    start = np.datetime64(date(2010, 1, 4)) + np.arange(sessions)
    ts = (
        start.astype("datetime64[us]").astype(np.int64)[:, None] + 3_600_000_000 * (15 + np.arange(bars))
    ).ravel()
    panel = panel_of(100 * np.exp(np.cumsum(moves.ravel()))[:, None], ts=ts)
    fitted = hmm(series=("return", "volatility"), volatility_sessions=1, min_states=2, max_states=2).fit(
        panel, slice(0, 400 * bars)
    )
    assert fitted.states == ("bull", "bear")
    _, columns = fitted.columns(panel)
    told = columns[bars - 1 :: bars].argmax(axis=1)[400:] == 1
    assert (told == wild[400:]).mean() > 0.95
