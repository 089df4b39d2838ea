"""A market to train small agents on."""

import numpy as np
import pytest

from hand_market import random_market


@pytest.fixture(scope="session")
def market():
    return random_market(np.random.default_rng(11), rows=200, assets=4, features=3, macro=2)
