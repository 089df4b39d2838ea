"""A study as a user sees it: complete, repeatable, resumable, and judged the same again."""

import hashlib
import json
import os
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from commands import CHECKS, TINY, Ended, finish, run, start
from ledger import recomputed_equity

from ploutos.tracking.mlflow import PARENT, Mlflow, Store
from ploutos.types import Track

pytestmark = pytest.mark.slow
STUDY = ("study", *TINY, *CHECKS, "checkpoints.every_seconds=0", "fold=0,1", "seed=0,1")
JOBLIB = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")


@dataclass(frozen=True)
class Done:
    """A study that ended, and where."""

    folder: Path
    ended: Ended

    @property
    def verdict(self) -> dict[str, Any]:
        """The newest `verdict.json` of any verb."""
        files = sorted(self.folder.glob("outputs/*/*/*/verdict.json"), key=lambda p: p.stat().st_mtime)
        told: dict[str, Any] = json.loads(files[-1].read_text())
        return told

    @property
    def store(self) -> Store:
        return Mlflow(
            folder=str(self.folder / "mlruns"), experiment="ploutos", busy_timeout_seconds=60.0
        ).open()

    def children(self) -> list[Any]:
        return self.store.find({PARENT: self.verdict["run_id"]})

    def sha256(self, run_id: str, path: str) -> str:
        return hashlib.sha256(self.store.artifact(run_id, path).read_bytes()).hexdigest()


@pytest.fixture(scope="session")
def basic(tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder = tmp_path_factory.mktemp("basic")
    ended = run(*STUDY, folder=folder)
    assert ended.code == 0, ended
    return Done(folder, ended)


def test_the_verdict_says_what_it_must(basic: Done) -> None:
    told = basic.verdict
    assert isinstance(told["accepted"], bool) and told["reason"]
    for check in told["checks"]:
        assert {"name", "passed", "value", "threshold", "gate"} <= set(check)
    assert {c["name"] for c in told["checks"]} >= {"target_sharpe", "price_noise", "bootstrap_sharpe"}
    assert "sharpe" in told["metrics"] and set(told["baselines"]) == {
        "equal_weight",
        "buy_and_hold",
        "momentum_rule",
    }
    assert [(c["fold"], c["seed"], c["state"]) for c in told["children"]] == [
        (fold, seed, "FINISHED") for fold in (0, 1) for seed in (0, 1)
    ]
    out = basic.ended.out
    assert "verdict" in out and "report.html" in out.replace("\n", "") and "ploutos ui tracking.folder" in out


def test_the_parent_has_its_finished_children(basic: Done) -> None:
    ids = {child["run_id"] for child in basic.verdict["children"]}
    found = basic.children()
    assert {r.info.run_id for r in found} == ids and len(ids) == 4
    assert {r.info.status for r in found} == {"FINISHED"}
    parent = basic.store.get(basic.verdict["run_id"])
    assert parent.info.status == "FINISHED"
    assert {a.path for a in basic.store.client.list_artifacts(parent.info.run_id)} >= {
        "verdict.json",
        "report.html",
        "config.yaml",
        "track",
        "baselines",
    }
    for run_id in ids:
        history = basic.store.client.get_run(run_id).data
        assert history.tags["ploutos.fold"] in ("0", "1") and history.params["agent.total_steps"] == "256"


def test_every_fold_trains_on_other_rows_and_tests_its_own_year(basic: Done) -> None:
    windows = {}
    for child in basic.verdict["children"]:
        result = json.loads(basic.store.artifact(child["run_id"], "result.json").read_text())
        windows[child["fold"]] = result["rows"]
        year = 2020 + child["fold"]
        assert result["fold"]["test"]["start"].startswith(f"{year}-01-01")
        assert result["fold"]["test"]["end"].startswith(f"{year + 1}-01-01")
        bars = Track.load(basic.store.artifact(child["run_id"], "test")).bars
        assert set(bars["ts"][1:].dt.year().to_list()) == {year}
    assert windows[0]["train"] != windows[1]["train"] and windows[0]["test"][1] == windows[1]["test"][0]
    for rows in windows.values():
        assert rows["train"][1] < rows["validation"][0] <= rows["validation"][1] < rows["test"][0]


def test_seeds_differ_in_weights_and_training(basic: Done) -> None:
    one, two = basic.verdict["children"][:2]
    assert basic.sha256(one["run_id"], "policy/weights.pt") != basic.sha256(
        two["run_id"], "policy/weights.pt"
    )
    # Barely trained policies may choose the same whole shares; what they think of them differs.
    tracks = [Track.load(basic.store.artifact(c["run_id"], "test")).positions for c in (one, two)]
    assert not tracks[0]["confidence"].equals(tracks[1]["confidence"])


def test_the_stitched_equity_follows_from_the_logged_tables(basic: Done) -> None:
    track = Track.load(basic.store.artifact(basic.verdict["run_id"], "track"))
    assert track.bars["turnover"].sum() > 0
    again = recomputed_equity(track.bars, track.positions, cost_bps=5.0)
    assert again == pytest.approx(track.bars["equity"].to_list(), rel=1e-9)


def same_verdict(one: dict[str, Any], two: dict[str, Any]) -> None:
    assert one.keys() == two.keys()
    for key in one:
        assert one[key] == two[key], key


def test_a_relaunch_trains_nothing_and_validate_judges_the_same(basic: Done) -> None:
    first = basic.verdict
    ended = run(*STUDY, folder=basic.folder)
    assert ended.code == 0, ended
    same_verdict(first, basic.verdict)
    assert len(basic.children()) == 4
    ended = run("validate", "study=tiny", *CHECKS, folder=basic.folder)
    assert ended.code == 0, ended
    assert list(basic.folder.glob("outputs/validate/*/*/report.html"))
    same_verdict(first, basic.verdict)
    ended = run("validate", "study=tinny", *CHECKS, folder=basic.folder)
    assert ended.code == 2 and "Nearest: 'tiny'" in ended.err and ended.err.count("\n") == 1
    child = first["children"][0]["run_id"]
    ended = run("validate", f"study={child}", *CHECKS, folder=basic.folder)
    assert ended.code == 2 and first["run_id"] in ended.err


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("ploutos.ensemble.majority.Majority", "os.system", "ensemble._target_: 'os.system'"),
        ("name: tiny", "name: ${oc.env:HOME}", "holds a reference"),
        (
            "ploutos.ensemble.majority.Majority",
            "ploutos.apps.guard.run_guarded",
            "'ploutos.apps.guard.run_guarded' is",
        ),
        (
            "ploutos.regime.no_regime.NoRegime",
            "ploutos.agent.ppo.PPO",
            "regime._target_: 'ploutos.agent.ppo.PPO' is",
        ),
        ("name: tiny", "name: !!python/object/apply:pathlib.Path [x]", "the YAML tag"),
    ],
)
def test_validate_refuses_a_stored_config_that_was_tampered_with(
    basic: Done, old: str, new: str, says: str
) -> None:
    file = basic.store.artifact(basic.verdict["run_id"], "config.yaml")
    kept = file.read_text()
    stored = next((basic.folder / "mlruns").rglob(f"{basic.verdict['run_id']}/artifacts/config.yaml"))
    assert old in kept
    stored.write_text(kept.replace(old, new))
    try:
        ended = run("validate", "study=tiny", *CHECKS, folder=basic.folder)
    finally:
        stored.write_text(kept)
    assert ended.code == 2 and says in ended.err and ended.err.count("\n") == 1, ended


def job_process(folder: Path) -> int:
    """Wait for a job of the study in `folder` and return its process id."""
    for _ in range(600):
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = entry.read_text().split("\0")
            except OSError:
                continue
            if "ploutos.apps.job" in words and any(w.startswith(str(folder)) for w in words):
                return int(entry.parent.name)
        time.sleep(0.1)
    raise AssertionError("no job was started")


@pytest.mark.skipif(sys.platform != "linux", reason="finds jobs in /proc")
def test_interrupted_killed_and_resumed_it_ends_as_if_undisturbed(basic: Done, tmp_path: Path) -> None:
    """In another folder, and under another launcher from the second launch on: the result is the same."""
    shutil.copytree(basic.folder / ".ploutos", tmp_path / ".ploutos")

    process = start(*STUDY, folder=tmp_path)
    job_process(tmp_path)
    second = run(*STUDY, folder=tmp_path)
    assert second.code == 2 and "another process is at it" in second.err and second.err.count("\n") == 1
    os.killpg(process.pid, signal.SIGINT)
    ended = finish(process)
    assert ended.code == 130, ended
    states = [r.info.status for r in _all_children(tmp_path)]
    assert states and "RUNNING" not in states and "KILLED" in states
    finished = {r.info.run_id for r in _all_children(tmp_path) if r.info.status == "FINISHED"}

    process = start(*STUDY, *JOBLIB, folder=tmp_path)
    os.kill(job_process(tmp_path), signal.SIGKILL)
    ended = finish(process)
    assert ended.code == 1, ended
    disturbed = Done(tmp_path, ended).verdict
    assert disturbed["accepted"] is False and disturbed["reason"].startswith("incomplete")
    states = [child["state"] for child in disturbed["children"]]
    assert sorted(states) == ["FINISHED"] * 3 + ["KILLED"]
    killed = disturbed["children"][states.index("KILLED")]
    assert "SIGKILL" in killed["reason"]
    judged = run("validate", "study=tiny", *CHECKS, folder=tmp_path)
    assert judged.code == 1 and "incomplete" in judged.out

    ended = run(*STUDY, folder=tmp_path)
    assert ended.code == 0, ended
    resumed = Done(tmp_path, ended)
    assert resumed.verdict["equity_sha256"] == basic.verdict["equity_sha256"]
    for ours, theirs in zip(resumed.verdict["children"], basic.verdict["children"], strict=True):
        assert (ours["key"], ours["metrics"]) == (theirs["key"], theirs["metrics"])
    before = {c["run_id"] for c in disturbed["children"]}
    after = {c["run_id"] for c in resumed.verdict["children"]}
    assert before - after == {killed["run_id"]} and len(after - before) == 1
    assert finished <= after
    assert resumed.store.get(resumed.verdict["run_id"]).info.status == "FINISHED"


def _all_children(folder: Path) -> list[Any]:
    store = Mlflow(folder=str(folder / "mlruns"), experiment="ploutos", busy_timeout_seconds=60.0).open()
    return store.find({"ploutos.kind": "child"})


def test_an_experiment_for_joblib_gives_the_same_under_both_launchers(basic: Done, tmp_path: Path) -> None:
    shutil.copytree(basic.folder / ".ploutos", tmp_path / ".ploutos")
    (tmp_path / "own" / "experiment").mkdir(parents=True)
    (tmp_path / "own" / "experiment" / "parallel.yaml").write_text(
        "# @package _global_\ndefaults:\n  - override /hydra/launcher: joblib\n"
        "hydra:\n  launcher:\n    n_jobs: ${hardware.workers}\n"
    )
    own = ("--config-dir", str(tmp_path / "own"), "experiment=parallel")
    first = basic.verdict
    ended = run(STUDY[0], *own, *STUDY[1:], "hydra/launcher=basic", folder=basic.folder)
    assert ended.code == 0 and "hydra.launcher.n_jobs does not apply" in ended.out, ended
    same_verdict(first, basic.verdict)
    assert len(basic.children()) == 4, "all are known by their keys"

    words = ["fold=0" if word.startswith("fold=") else word for word in STUDY[1:]]
    ended = run(STUDY[0], *own, *words, "hardware.workers=2", folder=tmp_path)
    assert ended.code == 0 and "does not apply" not in ended.out, ended
    parallel = Done(tmp_path, ended)
    for ours, theirs in zip(parallel.verdict["children"], first["children"][:2], strict=True):
        assert (ours["key"], ours["metrics"]) == (theirs["key"], theirs["metrics"])
        policy = (ours["run_id"], "policy/weights.pt"), (theirs["run_id"], "policy/weights.pt")
        assert parallel.sha256(*policy[0]) == basic.sha256(*policy[1])


def test_a_single_run_is_judged_and_validated(basic: Done, tmp_path: Path) -> None:
    shutil.copytree(basic.folder / ".ploutos", tmp_path / ".ploutos")
    ended = run("train", *TINY, *CHECKS, "fold=1", "seed=1", folder=tmp_path)
    assert ended.code == 0, ended
    single = Done(tmp_path, ended)
    first = single.verdict
    assert [c["state"] for c in first["children"]] == ["FINISHED"]
    twin = basic.verdict["children"][3]
    assert (twin["key"], twin["metrics"]) == (first["children"][0]["key"], first["children"][0]["metrics"])
    shutil.rmtree(tmp_path / ".ploutos")  # the panel is built again, to the same address
    ended = run("validate", f"study={first['run_id']}", *CHECKS, folder=tmp_path)
    assert ended.code == 0, ended
    same_verdict(first, single.verdict)
