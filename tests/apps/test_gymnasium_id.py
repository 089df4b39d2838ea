"""`Ploutos-v0` as somebody with an algorithm of their own meets it."""

import re
import warnings

import gymnasium
import numpy as np
import pytest
from gym_workplace import ID, MARKET, PAGE, python
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from stable_baselines3.common.env_checker import check_env as check_env_for_sb3

import ploutos.gym
from ploutos.apps.environments import make, stage, vec_env
from ploutos.backtest.out_of_sample import OutOfSample
from ploutos.env.action.decode import decode
from ploutos.env.gym_vector_env import TradingVectorEnv
from ploutos.types import Action, ConfigError

pytestmark = pytest.mark.usefixtures("inside")


def test_a_fresh_process_elsewhere_makes_it_without_importing_ploutos(inside):
    made = f"env = gymnasium.make('ploutos.gym:Ploutos-v0', overrides={MARKET!r})"
    done = python(f"import gymnasium; {made}; env.reset(seed=0); env.step([1] * 4)", inside)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert {path.name for path in inside.iterdir()} == {".ploutos"}, "nothing but the panel is left"


@pytest.mark.parametrize(
    ("imports", "name"),
    [
        ("import gymnasium", "ploutos:Ploutos-v0"),
        ("import gymnasium, ploutos", "Ploutos-v0"),
        ("import ploutos, gymnasium", "ploutos.gym:Ploutos-v0"),
        ("import gymnasium, ploutos", "ploutos.gym:Ploutos-v0"),
    ],
)
def test_the_id_is_registered_by_the_import(imports, name, inside):
    done = python(f"{imports}; print(gymnasium.envs.registration._find_spec({name!r}).id)", inside)
    assert (done.stdout, done.stderr) == ("Ploutos-v0\n", "")


def test_importing_ploutos_alone_imports_no_gymnasium(inside):
    done = python("import sys, ploutos; print('gymnasium' in sys.modules)", inside)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("action", ["discrete", "target_weights", "delta_weights"])
def test_the_checkers_find_nothing(action):
    overrides = [*MARKET, f"env/action={action}"]
    if action == "target_weights":
        overrides.append("env.action.max_logit=1")  # both recommend [-1, 1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = gymnasium.make(ID, overrides=overrides).unwrapped
        check_env(env)
        check_env_for_sb3(env)


def test_the_window_of_training_is_the_folds(inside):
    it = stage([*MARKET, "fold=1"], None)
    rows = it.fold.train.rows(it.market.ts)
    env = make(overrides=[*MARKET, "fold=1"])
    env.reset(options={"row": rows.start})
    steps = [env.step(env.action_space.sample()) for _ in range(64)]
    assert steps[-1][3] and not any(step[3] for step in steps[:-1])
    env.reset(options={"row": rows.stop - 1 - 64})
    with pytest.raises(ConfigError, match="leaves no room"):
        env.reset(options={"row": rows.stop - 64})


class Player:
    """A policy that plays actions drawn beforehand."""

    def __init__(self, environment, layout, actions):
        self.environment, self.layout, self.actions = environment, layout, iter(actions)

    def reset(self, batch):
        return None

    def act(self, observation, state):
        value = next(self.actions)[None]
        targets = decode(self.environment.action, self.layout, observation, value)
        return Action(value=value, target_weights=targets, confidence=np.ones(1), state=None)


@pytest.mark.parametrize("window", ["test", "validation"])
def test_a_held_out_window_is_one_episode_with_the_figures_of_the_backtest(window):
    overrides = [*MARKET, "execution/costs=realistic", "backtest.capital=3e7"]
    env = gymnasium.make(ID, overrides=overrides, window=window)
    env.action_space.seed(3)
    it = stage(overrides, None)
    rows = getattr(it.fold, window).rows(it.market.ts)
    actions = [env.action_space.sample() for _ in range(rows.stop - rows.start)]
    player = Player(it.environment, env.unwrapped.layout, actions)
    track = OutOfSample(capital=3e7).single(player, it.environment, it.market, rows, fold=0)
    told = [env.reset()[1]]
    assert told[0]["row"] == rows.start - 1
    for index, action in enumerate(actions):
        *_, truncated, info = env.step(action)
        told.append(info)
        assert truncated == (index == len(actions) - 1)
    for name in ("equity", "cash", "cost", "turnover"):
        assert [info[name] for info in told] == track.bars[name].to_list()
    assert [info["timestamp"] for info in told] == track.bars["ts"].to_physical().to_list()


def test_many_portfolios_come_in_one_vector_environment_and_in_sync():
    many = gymnasium.make_vec(ID, num_envs=3, overrides=MARKET)
    assert isinstance(many, TradingVectorEnv)
    assert many.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    single = gymnasium.make_vec(ID, num_envs=3, vectorization_mode="sync", overrides=MARKET)
    assert isinstance(single, SyncVectorEnv)
    (one, _), (two, _) = many.reset(seed=1), single.reset(seed=1)
    for _ in range(10):
        assert (one == two).all()
        actions = many.action_space.sample()
        one, two = many.step(actions)[0], single.step(actions)[0]
    with pytest.raises(ConfigError, match="num_envs: 0 is not a whole number >= 1"):
        gymnasium.make_vec(ID, num_envs=0, overrides=MARKET)
    many.close(), single.close()


def test_the_vec_env_is_the_one_of_training():
    env = vec_env(overrides=[*MARKET, "seed=5", "env.num_envs=4"])
    it = stage(MARKET, None)
    rows = it.fold.train.rows(it.market.ts)
    other = stage([*MARKET, "env.num_envs=4"], None).environment.vec_env(it.market, rows, 5)
    assert (env.reset() == other.reset()).all() and env.num_envs == 4
    single = make(overrides=MARKET)
    assert (env.observation_space, env.action_space) == (single.observation_space, single.action_space)


def test_its_spec_makes_the_same_environment_again():
    env = gymnasium.make(ID, overrides=MARKET, window="test")
    again = gymnasium.make(gymnasium.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    assert (env.reset(seed=1)[0] == again.reset(seed=1)[0]).all()
    assert ploutos.gym.__name__ == "ploutos.gym"


@pytest.mark.slow
def test_the_page_shows_what_its_code_prints(tmp_path):
    blocks = re.findall(r"^```(python|text)\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    code = "\n".join(text for language, text in blocks if language == "python")
    shown = "".join(text for language, text in blocks if language == "text")
    done = python(code, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == shown
