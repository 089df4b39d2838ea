"""A training that was interrupted ends as if it had not been: the same weights, bit for bit."""

import pytest
import torch
from listening import Interrupted, Listener

from ploutos.agent.stopping.validation import Validation
from ploutos.agent.training.files import Files
from ploutos.types.checkpoints import NO_CHECKPOINTS
from ploutos.types.monitor import Silent

TRAIN, VALIDATION = slice(10, 140), slice(142, 200)
ROUND = 8 * 4  # steps


def fitted(agent, environment, market, monitor, checkpoints=NO_CHECKPOINTS):
    policy = agent.fit(
        environment,
        market,
        TRAIN,
        validation=VALIDATION,
        seed=3,
        monitor=monitor,
        checkpoints=checkpoints,
    )
    return {name: tensor.clone() for name, tensor in policy.network.state_dict().items()}


def files(folder):
    return Files(folder=str(folder), every_seconds=0, keep_days=1)


STOPPING = {
    "none": None,
    "validation": Validation(every_steps=2 * ROUND, patience_steps=4 * ROUND, figure="log_growth"),
    "patient": Validation(every_steps=ROUND, patience_steps=100 * ROUND, figure="sharpe"),
}


@pytest.mark.parametrize("stopping", STOPPING)
@pytest.mark.parametrize("kills", [[1], [3], [5], [2, 5], [3, 3, 4], [5, 1]])
def test_interrupted_anywhere_it_ends_the_same(climber, environment, market, tmp_path, stopping, kills):
    settings = {"stopping": STOPPING[stopping]} if STOPPING[stopping] else {}
    whole = Listener()
    expected = fitted(climber(**settings), environment, market, whole)
    for kill in kills:
        kept = files(tmp_path).of("key")
        torch.manual_seed(1234)  # another process has other generators
        with pytest.raises(Interrupted):
            fitted(climber(**settings), environment, market, Listener(kill * ROUND), kept)
    last = Listener()
    found = fitted(climber(**settings), environment, market, last, files(tmp_path).of("key"))
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert last.figures == whole.figures and last.steps[-1] == whole.steps[-1]
    resumed_at = last.steps[0][0]
    assert resumed_at == max(0, (max(kills) - 1) * ROUND)
    for name, values in last.told.items():
        assert values == {step: v for step, v in whole.told[name].items() if step in values}


def test_checkpoints_and_looks_at_the_validation_window_change_no_training(
    climber, environment, market, tmp_path
):
    plain, watched = Listener(), Listener()
    expected = fitted(climber(), environment, market, plain)
    found = fitted(
        climber(stopping=STOPPING["patient"]), environment, market, watched, files(tmp_path).of("key")
    )
    assert watched.told["train/reward"] == plain.told["train/reward"]
    looks = watched.told["validation/sharpe"]
    assert list(looks) == [ROUND * k for k in range(1, 13)]
    best = max(looks, key=looks.__getitem__)
    assert watched.figures == {
        "steps": 12.0 * ROUND,
        "best_step": float(best),
        "best_value": looks[best],
        "stopped_early": 0.0,
    }
    assert all(torch.equal(found[name], expected[name]) for name in expected) == (best == 12 * ROUND)


def test_the_weights_of_the_best_look_are_the_result(climber, environment, market):
    """Stopped where the best policy was met, a training without a stopping rule ends in the same weights."""
    heard = Listener()
    found = fitted(climber(stopping=STOPPING["validation"]), environment, market, heard)
    figures, looks = heard.figures, heard.told["validation/log_growth"]
    assert looks[figures["best_step"]] == max(looks.values()) == figures["best_value"]
    assert figures["stopped_early"] == 1.0 and figures["steps"] < 12 * ROUND
    assert figures["steps"] - figures["best_step"] == 4 * ROUND
    reached = Until(int(figures["best_step"]))
    with pytest.raises(Interrupted):
        fitted(climber(), environment, market, Listener(12 * ROUND), reached)
    assert all(torch.equal(found[name], reached.network[name]) for name in found)


class Until:
    """Copies the network at one step."""

    def __init__(self, step):
        self.step = step

    def load(self):
        return None

    def due(self):
        return True

    def save(self, state):
        if state["done"] == self.step:
            self.network = {n: t.clone() for n, t in state["trainer"]["network"].items()}


def test_a_boundary_twice_is_a_boundary_once(climber, environment, market, tmp_path):
    """A resumed training meets the boundary that it was saved at again."""
    settings = {"stopping": STOPPING["validation"]}
    with pytest.raises(Interrupted):
        fitted(climber(**settings), environment, market, Listener(5 * ROUND), files(tmp_path).of("key"))
    resumed = Listener()
    fitted(climber(**settings), environment, market, resumed, files(tmp_path).of("key"))
    assert [done for done, _ in resumed.steps[:2]] == [4 * ROUND] * 2
    assert 4 * ROUND not in resumed.told["validation/sharpe"]


def test_another_key_starts_anew(climber, environment, market, tmp_path):
    with pytest.raises(Interrupted):
        fitted(climber(), environment, market, Listener(5 * ROUND), files(tmp_path).of("one"))
    other = Listener()
    fitted(climber(), environment, market, other, files(tmp_path).of("two"))
    assert other.steps[0] == (0, 12 * ROUND)


def test_it_learns(climber, environment, market):
    """The agent of these tests is one: the feature that tells gets the weight."""
    found = fitted(climber(rounds=60, learning_rate=0.1), environment, market, Silent())
    informative, noise = found["weight"][0].tolist()
    assert informative > 0.2 and informative > 2 * abs(noise)
