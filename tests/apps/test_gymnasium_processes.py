"""`Ploutos-v0` in processes of its own: forked, spawned, and forked where nothing can work."""

import subprocess
import sys
import textwrap
import time

import gymnasium
import numpy as np
import pytest
from gym_workplace import ID, MARKET
from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv

import ploutos.gym  # noqa: F401  (registers the id)
from ploutos.apps import forked
from ploutos.apps.environments import make, make_vec, vec_env
from ploutos.types import ConfigError

pytestmark = pytest.mark.usefixtures("inside")
SECONDS = 300  # for what hangs for ever otherwise; the machine may be busy

PLAY = """
import sys
import gymnasium
import ploutos.gym

if __name__ == "__main__":
    envs = gymnasium.make_vec("Ploutos-v0", num_envs=2, vectorization_mode="async", overrides={market!r},
                              vector_kwargs={kwargs!r})
    envs.reset(seed=1)
    for _ in range(3):
        seen = envs.step(envs.action_space.sample())[0]
    print(seen.shape, envs.render(), [spec.id for spec in envs.get_attr("spec")])
    envs.close()
"""
FORK = """
import multiprocessing
import polars

polars.DataFrame({{"a": [1, 2], "b": [3, 4]}}).select(polars.col("a").sum(), polars.col("b").sum())

def work():
    from ploutos.apps.environments import make
    from ploutos.types import ConfigError
    try:
        make(overrides={market!r})
    except ConfigError as error:
        print(error)

process = multiprocessing.get_context("fork").Process(target=work)
process.start()
process.join()
"""


def played(script, folder, **given):
    """Run a program from a file, as users do; fail where it does not end."""
    file = folder / "program.py"
    file.write_text(textwrap.dedent(script).format(market=MARKET, **given))
    done = subprocess.run(
        [sys.executable, file.name],
        cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=SECONDS, check=False,
    )  # fmt: skip
    file.unlink()
    return done


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_async_ends_and_plays_what_sync_plays():
    """In this process Polars has built the panel: its threads are the ones that a fork leaves behind."""
    begun = time.monotonic()
    both = [
        gymnasium.make_vec(ID, 2, vectorization_mode=mode, overrides=MARKET) for mode in ("async", "sync")
    ]
    one, two = both
    assert isinstance(one, AsyncVectorEnv) and isinstance(two, SyncVectorEnv)
    assert (one.reset(seed=3)[0] == two.reset(seed=3)[0]).all()
    two.action_space.seed(1)
    for _ in range(70):  # beyond the end of an episode
        actions = two.action_space.sample()
        (a, reward_a, *_), (b, reward_b, *_) = one.step(actions), two.step(actions)
        assert (a == b).all() and (reward_a == reward_b).all()
    assert one.get_attr("spec") == two.get_attr("spec")
    assert one.render() == two.render() == (None, None)
    one.close(), two.close()
    assert time.monotonic() - begun < SECONDS


@pytest.mark.slow
@pytest.mark.parametrize("context", [None, "fork", "spawn", "forkserver"])
def test_a_program_of_ones_own_ends(context, inside):
    done = played(PLAY, inside, kwargs={"context": context} if context else {})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"(2, {make(overrides=MARKET).layout.size}) (None, None) ['{ID}', '{ID}']\n"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not fork")
def test_a_fork_that_could_only_wait_refuses_in_one_line(inside):
    done = played(FORK, inside)
    assert done.stdout.startswith("Ploutos-v0: this process was forked from one that had used Polars")
    assert done.stdout.count("\n") == 1 and "vector_kwargs={'context': 'spawn'}" in done.stdout


def test_a_forked_process_takes_over_what_its_parent_made_of_the_same(monkeypatch):
    last = forked.LastMade()
    last.keep("stage", ["a=1", "b=2"], None)
    assert last.inherited(["a=1", "b=2"], None) is None, "this process can make its own"
    monkeypatch.setattr(forked, "is_forked", lambda: True)
    assert last.inherited(("a=1", "b=2"), None) == "stage"
    for other in ((["a=1"], None), (["a=1", "b=2"], "conf")):
        assert last.inherited(*other) is None, "Polars answers here"
    monkeypatch.setattr(forked, "_polars_answers", lambda: False)
    with pytest.raises(ConfigError, match="start processes by 'spawn'"):
        last.inherited(["a=1"], None)


def test_what_was_made_elsewhere_is_not_taken_over(monkeypatch, tmp_path):
    last = forked.LastMade()
    last.keep("stage", ["a=1"], None)
    monkeypatch.setattr(forked, "is_forked", lambda: True)
    monkeypatch.chdir(tmp_path)
    assert last.inherited(["a=1"], None) is None


def test_render_modes_are_none():
    env = gymnasium.make(ID, overrides=MARKET, render_mode=None)
    many = gymnasium.make_vec(ID, num_envs=2, overrides=MARKET, render_mode=None)
    env.reset(seed=0), many.reset(seed=0)
    assert env.render() is None and env.render_mode is None and env.metadata["render_modes"] == []
    assert many.render() is None and many.render_mode is None and many.metadata["render_modes"] == []
    for made in (
        lambda: make(overrides=MARKET, render_mode="human"),
        lambda: make_vec(overrides=MARKET, num_envs=2, render_mode="rgb_array"),
        lambda: gymnasium.make(ID, overrides=MARKET, render_mode="ansi"),
    ):
        with pytest.raises(
            ConfigError, match=r"render_mode: '.*' is not there; Ploutos-v0 draws nothing"
        ) as no:
            made()
        assert "\n" not in str(no.value)
    many.close()


def test_attributes_of_each_portfolio():
    """As a `SyncVectorEnv` of single ones tells them."""
    many = gymnasium.make_vec(ID, num_envs=3, overrides=MARKET, copy=False)
    sync = gymnasium.make_vec(ID, num_envs=3, overrides=MARKET, vectorization_mode="sync")
    many.reset(seed=5), sync.reset(seed=5)
    assert [spec.id for spec in many.get_attr("spec")] == [ID] * 3
    for name in ("observation_space", "action_space", "render_mode", "np_random_seed"):
        assert many.get_attr(name) == sync.get_attr(name), name
    assert len(many.get_attr("np_random")) == len(many.get_attr("metadata")) == 3
    assert many.call("render") == sync.call("render") == (None,) * 3
    again = gymnasium.make(many.get_attr("spec")[0])
    assert (again.reset(seed=5)[0] == many.reset(seed=5)[0][0]).all()
    for refused in (lambda: many.set_attr("batch", 1), lambda: many.call("step", 1)):
        with pytest.raises((AttributeError, TypeError)):
            refused()
    many.close(), sync.close()


def test_the_vec_env_of_training_has_a_spec():
    env = vec_env(overrides=[*MARKET, "env.num_envs=3"])
    specs = env.get_attr("spec")
    assert len(specs) == 3 and {spec.id for spec in specs} == {ID}
    single = gymnasium.make(specs[0])
    assert single.observation_space == env.observation_space
    assert env.get_attr("render_mode") == [None] * 3
    assert env.get_attr("metadata")[0]["render_modes"] == []
    assert np.isfinite(env.reset()).all()
