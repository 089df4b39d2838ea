"""Settings that cannot work are refused in one line, before anything runs."""

import pytest
from test_resuming import FORGETS, SETTINGS

from hand_market import make_environment
from ploutos.agent.ppo import PPO
from ploutos.agent.recurrent_ppo import RecurrentPPO
from ploutos.agent.stopping.no_stopping import NoStopping
from ploutos.types import ConfigError


def recurrent(**changed):
    settings = SETTINGS | {"sequence_steps": 8} | changed
    return RecurrentPPO(network=FORGETS, stopping=NoStopping(), **settings)


def ppo(**changed):
    return PPO(network=FORGETS, stopping=NoStopping(), **SETTINGS | changed)


@pytest.mark.parametrize(
    ("agent", "message"),
    [
        (recurrent(sequence_steps=6), r"sequence_steps: 6 does not divide .* = 16 \(nearest .*: 4\)"),
        (recurrent(sequence_steps=32), r"sequence_steps: 32 does not divide .* = 16 \(nearest .*: 16\)"),
        (recurrent(batch_size=60), r"batch_size: 60 .* = 64 \(nearest below that does: 32\)"),
        (recurrent(batch_size=4), r"batch_size: 4 is no multiple of .* = 8 \(nearest .*: 8\)"),
        (recurrent(batch_size=16, sequence_steps=16, n_steps=48), None),
        (recurrent(batch_size=24, sequence_steps=16, n_steps=48), r"batch_size: 24 is no multiple .*: 16\)"),
        (recurrent(device="cud"), r"device: 'cud' is not there \(this machine has: cpu"),
        (recurrent(device="cpu:x"), r"device: 'cpu:x' is not there"),
        (recurrent(device="cuda:99"), r"device: 'cuda:99' is not there"),
        (ppo(batch_size=10**12), r"batch_size: 10{12} .* = 64 \(nearest below that does: 64\)"),
        (ppo(batch_size=60), r"batch_size: 60 .* = 64 \(nearest below that does: 32\)"),
        (ppo(batch_size=64), None),
    ],
)
def test_refusals(agent, message, market):
    environment = make_environment("discrete", num_envs=4)
    if message is None:
        agent.check(environment, market)
        return
    with pytest.raises(ConfigError, match=message) as raised:
        agent.check(environment, market)
    assert "\n" not in str(raised.value)
