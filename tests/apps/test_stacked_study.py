"""A study whose seeds train together: recorded as four runs, judged, repeated, and killed in the middle."""

import json
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from commands import CHECKS, TINY, Call, finish, run, start
from interrupting import checkpoints, job_beyond, newest, store_of, weights

from ploutos.tracking.mlflow import PARENT

MARKET = [word for word in TINY if not word.startswith("agent.")]
STEPS, UPDATE = 19_200, 128
STUDY = (
    *("study", *MARKET, *CHECKS, "agent=direct_policy_gradient", "agent/network=cross_sectional_mlp"),
    *("ensemble=mean", f"agent.total_steps={STEPS}", "agent.portfolios=8", "agent.window_bars=16"),
    *("checkpoints.every_seconds=0", "fold=0,1", "seed=0,1", "stack_seeds=true"),
)
JOBLIB = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")


def verdict(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = newest(folder, "outputs/*/*/*/verdict.json")
    return told


def curve(folder: Path, run_id: str) -> dict[int, float]:
    history = store_of(folder).client.get_metric_history(run_id, "train/utility")
    return {point.step: point.value for point in history}


def whole_checkpoints(folder: Path) -> list[Path]:
    """Leave out what was being written when the kill came."""
    return [path for path in checkpoints(folder) if path.suffix == ".pt"]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    ended = run(*STUDY, folder=folder)
    assert ended.code == 0, ended
    assert not checkpoints(folder)
    return folder


@pytest.mark.slow
def test_every_seed_is_a_run_of_its_own(undisturbed: Path) -> None:
    told = verdict(undisturbed)
    pairs = [(fold, seed) for fold in (0, 1) for seed in (0, 1)]
    assert [(c["fold"], c["seed"], c["state"]) for c in told["children"]] == [(*p, "FINISHED") for p in pairs]
    assert isinstance(told["accepted"], bool) and told["metrics"] and told["equity_sha256"]
    store, ids = store_of(undisturbed), [child["run_id"] for child in told["children"]]
    assert {found.info.run_id for found in store.find({PARENT: told["run_id"]})} == set(ids)
    assert len({weights(undisturbed, run_id) for run_id in ids}) == 4
    assert len({json.dumps(curve(undisturbed, run_id)) for run_id in ids}) == 4
    for run_id, (fold, seed) in zip(ids, pairs, strict=True):
        assert list(curve(undisturbed, run_id)) == [*range(20 * UPDATE, STEPS, 20 * UPDATE), STEPS]
        found = store.get(run_id).data
        assert (found.params["fold"], found.params["seed"]) == (str(fold), str(seed))
        assert found.metrics["training_steps"] == STEPS and "test_sharpe" in found.metrics
        assert {"ploutos.threads", "ploutos.window.test", "ploutos.training"} <= found.tags.keys()
        for path in ("config.yaml", "result.json", "policy/weights.pt", "test"):
            assert store.artifact(run_id, path).exists(), path
        (home,) = undisturbed.glob(f"outputs/study/*/*/fold_{fold}-seed_{seed}")
        assert json.loads((home / "result.json").read_text())["seed"] == seed

    again = run(*STUDY, folder=undisturbed)
    assert again.code == 0 and "trained" not in again.out, again
    assert [child["run_id"] for child in verdict(undisturbed)["children"]] == ids
    assert verdict(undisturbed)["equity_sha256"] == told["equity_sha256"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="finds jobs in /proc")
def test_killed_and_launched_again_they_end_the_same(undisturbed: Path, tmp_path: Path) -> None:
    shutil.copytree(undisturbed / ".ploutos", tmp_path / ".ploutos")
    process = start(*STUDY, folder=tmp_path)
    job, _ = job_beyond(tmp_path, 8 * UPDATE)
    os.kill(job, signal.SIGKILL)
    ended = finish(process)
    assert ended.code == 1, ended
    states = [child["state"] for child in verdict(tmp_path)["children"]]
    assert states == ["KILLED", "KILLED", "FINISHED", "FINISHED"], "no job of the group tries it again"
    assert len(whole_checkpoints(tmp_path)) == 1

    # Another seed comes first now: places in the group are its own, not those of the launch.
    ended = run(*[word.replace("seed=0,1", "seed=1,0") for word in STUDY], *JOBLIB, folder=tmp_path)
    assert ended.code == 0 and ended.out.count("goes on at step") == 2, ended
    assert not whole_checkpoints(tmp_path)
    one, two = verdict(undisturbed), verdict(tmp_path)
    assert one["equity_sha256"] == two["equity_sha256"]
    pairs = [sorted(told["children"], key=lambda c: (c["fold"], c["seed"])) for told in (one, two)]
    for theirs, ours in zip(*pairs, strict=True):
        assert ours["metrics"] == theirs["metrics"] and ours["key"] == theirs["key"]
        assert weights(tmp_path, ours["run_id"]) == weights(undisturbed, theirs["run_id"])
        assert curve(tmp_path, ours["run_id"]) == curve(undisturbed, theirs["run_id"])
    states = [found.info.status for found in store_of(tmp_path).find({PARENT: two["run_id"]})]
    assert sorted(states) == ["FINISHED"] * 4 + ["KILLED"] * 2


@pytest.mark.parametrize(
    ("verb", "changed", "told"),
    [
        ("study", "agent=recurrent_ppo", "agent=recurrent_ppo trains one seed at a time"),
        ("study", "agent=equal_weight", "an agent that can: direct_policy_gradient"),
        ("train", "agent=direct_policy_gradient", "a single run has one seed"),
        ("train", "stack_seeds=maybe", "'maybe' is neither true nor false"),
    ],
)
def test_what_cannot_be_stacked_is_refused_in_one_line(
    ploutos: Call, verb: str, changed: str, told: str
) -> None:
    ended = ploutos(verb, *MARKET, "stack_seeds=true", changed)
    assert ended.code == 2 and ended.err.count("\n") == 1, ended
    assert "stack_seeds: " in ended.err and told in ended.err
    assert not list(Path.cwd().iterdir())
