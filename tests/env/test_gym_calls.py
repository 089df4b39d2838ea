"""What Gymnasium's interfaces take and refuse, and what the checkers of two libraries say of them."""

import warnings
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from gym_batches import FIRST, LAST, make, make_many, same
from gymnasium.error import InvalidAction, ResetNeeded
from gymnasium.utils.env_checker import check_env
from stable_baselines3.common.env_checker import check_env as check_env_for_sb3

from hand_market import START
from ploutos.env.action.target_weights import TargetWeights
from ploutos.env.dict_observation import DictObservation
from ploutos.types import ConfigError


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"rwo": 3}, "reset option: unknown value 'rwo'. Nearest: 'row'. Available: row, start"),
        ({"row": 40, "start": "2020-01-01"}, "reset options: give 'row' or 'start', not both"),
        ({"row": 40.5}, "reset option row: 40.5 is not a whole number"),
        ({"row": True}, "reset option row: True is not a whole number"),
        ({"row": LAST + 1}, f"reset option row: {LAST + 1} leaves no room for an episode of 16 bars in the"
         f" window; it takes {FIRST}..{LAST} (2020-01-02T20:00 to 2020-01-04T15:00)"),
        ({"row": FIRST - 1}, r"reset option row: 29 leaves no room .*"),
        ({"start": "2019-12-01"}, r"reset option start: '2019-12-01' leaves no room .*"),
        ({"start": "soon"}, "reset option start: 'soon' is no ISO date or time"),
        ({"start": 3}, "reset option start: 3 is no ISO date or time"),
    ],
)  # fmt: skip
def test_wrong_options_are_refused_in_one_line(options, told):
    with pytest.raises(ConfigError) as refused:
        make().reset(options=options)
    line = str(refused.value)
    assert line == told or line.startswith(told.removesuffix(".*")), line
    assert "\n" not in line


def test_a_start_can_be_chosen_by_row_and_by_date():
    env = make()
    assert env.reset(options={"row": np.int64(LAST)})[1]["row"] == LAST
    at = datetime.fromtimestamp(START / 1e6, UTC) + timedelta(hours=50)
    for start in (at, at.isoformat(), at.replace(tzinfo=None).isoformat(), at - timedelta(minutes=59)):
        assert env.reset(options={"start": start})[1]["row"] == 50
    many = make_many(3)
    assert many.reset(options={"row": 33})[1]["row"].tolist() == [33, 33, 33]


@pytest.mark.parametrize(
    ("action", "value"),
    [
        ("discrete", [1, 1, 1]),
        ("discrete", [3, 0, 0, 0]),
        ("discrete", [-1, 0, 0, 0]),
        ("discrete", [1.0, 0, 0, 0]),
        ("discrete", 1),
        ("target_weights", [0.0, 0, 0, 0]),
        ("target_weights", [0.0, np.nan, 0, 0, 0]),
        ("delta_weights", [np.inf, 0, 0, 0]),
    ],
)
def test_an_impossible_action_is_refused(action, value):
    """The kernel checks no bounds: a wrong shape would read memory that is not its own."""
    env, many = make(action=action), make_many(2, action=action)
    env.reset(), many.reset()
    with pytest.raises(InvalidAction, match="actions: "):
        env.step(value)
    with pytest.raises(InvalidAction, match="actions: "):
        many.step([value, value])


def test_numbers_outside_the_box_are_cut_off_as_everywhere():
    one, two = make(action="delta_weights"), make(action="delta_weights")
    one.reset(seed=1), two.reset(seed=1)
    same([one.step([7.0, -7, 0, 0])], [two.step([1.0, -1, 0, 0])])


def remarks(env):
    """Return what the checkers of Gymnasium and Stable-Baselines3 warn about."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        check_env(env, skip_render_check=True)  # rendering needs a spec: see the test of the registered id
        check_env_for_sb3(env)
    return [str(warning.message) for warning in found]


@pytest.mark.parametrize("action", ["discrete", "delta_weights", "discrete_short", "delta_weights_short"])
def test_the_checkers_find_nothing(action):
    assert remarks(make(action=action)) == []


@pytest.mark.parametrize("allow_short", [False, True])
def test_the_checkers_only_remark_on_the_range_of_logits(allow_short):
    """[-1, 1] would cap a weight at e^2 times another; who wants it has `max_logit` or RescaleAction."""
    found = remarks(make(action="target_weights_short" if allow_short else "target_weights"))
    assert len(found) == 2 and all("symmetric and normalized" in remark for remark in found)
    narrow = TargetWeights(max_logit=1.0, allow_short=allow_short, max_leverage=1.0)
    assert remarks(make(action=narrow)) == []


def test_the_checkers_only_remark_that_the_view_by_name_is_one():
    wrapped, table = remarks(DictObservation(make()))
    assert "different from the unwrapped version" in wrapped
    assert "observation features has an unconventional shape" in table  # [N, F]


def test_nothing_runs_before_the_first_reset():
    for env in (make(), make_many(2)):
        with pytest.raises(ResetNeeded, match="call reset"):
            env.step(env.action_space.sample())
