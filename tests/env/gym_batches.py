"""Episodes on one small market, for the tests of Gymnasium's interfaces."""

import numpy as np

from hand_market import make_environment, random_market
from ploutos.env.gym_env import TradingEnv
from ploutos.env.gym_vector_env import TradingVectorEnv

MARKET = random_market(np.random.default_rng(3), rows=120)
WINDOW = slice(30, 90)
BARS = 16
FIRST, LAST = WINDOW.start, WINDOW.stop - 1 - BARS
ACTIONS = ["discrete", "target_weights", "delta_weights"]
SHORT = ["discrete_short", "target_weights_short", "delta_weights_short"]


def batch(size=1, *, action="discrete", market=MARKET, rows=WINDOW, bars=BARS, **more):
    environment = make_environment(action, **more)
    return environment.episode_batch(
        market, rows=rows, bars=bars, capital=environment.initial_capital, batch=size
    )


def make(**settings):
    return TradingEnv(batch(**settings))


def make_many(size, **settings):
    return TradingVectorEnv(batch(size, **settings), copy=True)


def same(one, two):
    assert len(one) == len(two)
    for (observation, *rest), (other, *others) in zip(one, two, strict=True):
        np.testing.assert_array_equal(observation, other)
        assert rest == others
