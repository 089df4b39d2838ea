"""Price noise: counting losers, the fan, and replays that cannot be trusted."""

import json

import numpy as np
import pytest

from ploutos.validation.price_noise import FAN_POINTS, PriceNoise

CAPITAL = 100_000.0


class Ending:
    """Replays that run straight from the capital to the given final equities."""

    def __init__(self, finals, bars):
        self.finals, self.bars, self.asked = np.asarray(finals, dtype=float), bars, None

    def noisy_equity(self, *, noise, paths, seed):
        self.asked = (noise, paths, seed)
        return CAPITAL + np.linspace(0, 1, self.bars) * (self.finals[:, None] - CAPITAL)


def noise(**changed):
    return PriceNoise(**{"paths": 20, "noise": 0.001, "max_losing_share": 0.05, "seed": 9} | changed)


@pytest.mark.parametrize(("losing", "passed"), [(0, True), (1, True), (2, False), (20, False)])
def test_share_of_losing_replays_decides(make_study, losing, passed):
    finals = np.r_[np.full(losing, CAPITAL - 1), np.full(20 - losing, CAPITAL)]  # breaking even is no loss
    replay = Ending(finals, 31)
    (check,) = noise()(make_study(np.zeros(30), replay=replay))
    assert (check.passed, check.gate) == (passed, True)
    assert check.value == pytest.approx(losing / 20)
    assert check.evidence["losing"] == losing
    assert replay.asked == (0.001, 20, 9)


def test_fan_holds_the_quantiles_at_a_bounded_number_of_times(make_study):
    finals = CAPITAL + np.arange(20.0)
    (check,) = noise()(make_study(np.zeros(999), replay=Ending(finals, 1000)))
    fan = check.evidence
    assert len(fan["ts"]) == len(fan["q50"]) == FAN_POINTS
    assert fan["ts"][0].startswith("2021-01-01T21:00:00") and fan["ts"][-1].endswith("+00:00")
    assert fan["q05"][-1] == pytest.approx(CAPITAL + 0.95)
    assert fan["q50"][-1] == pytest.approx(CAPITAL + 9.5)
    assert fan["q95"][-1] == pytest.approx(CAPITAL + 18.05)
    json.dumps(fan)


def test_without_a_replay_it_cannot_be_computed(make_study):
    with pytest.raises(Exception, match="replay"):
        noise()(make_study(np.zeros(30)))


def test_another_shape_or_a_number_that_is_none_is_refused(make_study):
    with pytest.raises(Exception, match=r"shape \(20, 30\), expected \(20, 31\)"):
        noise()(make_study(np.zeros(30), replay=Ending(np.full(20, CAPITAL), 30)))
    with pytest.raises(Exception, match="equity of 1 of 20 replays is not finite"):
        noise()(make_study(np.zeros(30), replay=Ending(np.r_[np.full(19, CAPITAL), np.nan], 31)))
