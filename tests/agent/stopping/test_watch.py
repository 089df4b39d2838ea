"""When the validation window is looked at, what is best, and when it is over."""

import numpy as np
import pytest
from pydantic import ValidationError

from hand_market import make_environment, random_market
from ploutos.agent.stopping.no_stopping import NoStopping
from ploutos.agent.stopping.validation import Validation
from ploutos.types import Action, ConfigError


@pytest.fixture(scope="module")
def market():
    return random_market(np.random.default_rng(3), rows=60, assets=1)


class Invested:
    """Buys a share of the one asset and holds it."""

    def __init__(self, share):
        self.share = share

    def reset(self, batch):
        return 0

    def act(self, observation, state):
        targets = np.full((len(observation), 1), np.nan if state else self.share)
        return Action(targets, targets, np.ones(targets.shape), state + 1)


def watch_on(market, **changes):
    settings = {"every_steps": 100, "patience_steps": 250, "figure": "log_growth"} | changes
    return Validation(**settings).watch(make_environment(cost_bps=0.0), market, slice(10, 60))


def test_it_looks_at_the_first_boundary_after_every_so_many_steps(market):
    watch, looks = watch_on(market), []
    for done in range(0, 1000, 64):
        if watch.due(done, last=done == 960):
            looks.append(done)
            watch.look(Invested(0.1), done)
    assert looks == [128, 256, 320, 448, 512, 640, 704, 832, 960]
    assert not watch.due(960, last=True)


def test_a_boundary_late_by_several_looks_is_one_look(market):
    watch = watch_on(market)
    assert watch.due(1000, last=False)
    watch.look(Invested(0.1), 1000)
    assert not watch.due(1099, last=False) and watch.due(1100, last=False)


def test_the_best_is_kept_and_patience_counts_in_steps(market):
    rises = market.close[0, -1, 0] > market.close[0, 10, 0]
    good, bad = (0.9, 0.1) if rises else (0.1, 0.9)
    watch = watch_on(market)
    first = watch.look(Invested(bad), 100)
    assert (watch.best_step, watch.best_value) == (100, first["log_growth"]) and not watch.over()
    second = watch.look(Invested(good), 200)
    assert second["log_growth"] > first["log_growth"]
    watch.look(Invested(good), 300)  # as good is not better
    watch.look(Invested(bad), 400)
    assert (watch.best_step, watch.best_value) == (200, second["log_growth"])
    assert not watch.over()
    watch.look(Invested(bad), 449)
    assert not watch.over()
    watch.look(Invested(bad), 450)
    assert watch.over()
    again = watch_on(market)
    again.restore(watch.state())
    assert again.state() == watch.state() and again.over() and not again.due(499, last=False)


def test_a_training_ends_at_a_look_and_never_between_two(market):
    watch = watch_on(market, every_steps=1000)  # patience is 250
    watch.look(Invested(0.5), 1000)
    for done in (1100, 1999):
        assert not watch.due(done, last=False) and not watch.over()
    assert watch.due(2000, last=False)
    watch.look(Invested(0.5), 2000)
    assert watch.over()


def test_without_a_rule_nobody_looks(market):
    assert NoStopping().watch(make_environment(), market, slice(0, 0)) is None
    assert not NoStopping().needs_validation


def test_bad_settings_and_an_empty_window_are_refused(market):
    rule = Validation(every_steps=1, patience_steps=1, figure="sharpe")
    assert rule.needs_validation
    with pytest.raises(ConfigError, match=r"validation window is empty; set split\.validation_months"):
        rule.watch(make_environment(), market, slice(5, 5))
    for name, value in (("every_steps", 0), ("patience_steps", 0), ("figure", "sortino")):
        settings = {"every_steps": 1, "patience_steps": 1, "figure": "sharpe"} | {name: value}
        with pytest.raises(ValidationError, match=name):
            Validation(**settings)
