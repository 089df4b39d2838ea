"""A study keeps its first verdict, however often and with whatever checks it is judged again."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from commands import CHECKS, TINY, Ended, run

from ploutos.apps.judgements import is_judged
from ploutos.apps.outcome import record_incomplete
from ploutos.tracking.mlflow import Mlflow, Store
from ploutos.types import Verdict

# A rule: there is nothing to train. Nobody has such a Sharpe ratio: the first verdict is a rejection.
RULE = [word for word in TINY if not word.startswith("agent.")] + ["agent=buy_and_hold", "ensemble=mean"]
PAIRS = "validation.checks.paired_baselines.gates=[]"
HARD = "validation.checks.targets.min_sharpe=99"
STUDY = ["study", *RULE, *CHECKS, PAIRS, HARD, "fold=0", "seed=0"]
SOFT = [word for word in STUDY if word != HARD] + ["~validation.checks.targets"]


@dataclass(frozen=True)
class Place:
    """A folder with a store in which a study was judged once."""

    folder: Path
    first: dict[str, Any]

    @property
    def store(self) -> Store:
        return Mlflow(
            folder=str(self.folder / "mlruns"), experiment="ploutos", busy_timeout_seconds=60
        ).open()

    def kept(self) -> dict[str, Any]:
        """Return all that the store holds of the study's run."""
        run_id = self.first["run_id"]
        known = self.store.get(run_id)
        root = next((self.folder / "mlruns" / "artifacts").glob(f"{run_id}/artifacts"))
        files = {
            path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }
        info = known.info
        times = (info.status, info.start_time, info.end_time)
        return {"tags": known.data.tags, "metrics": known.data.metrics, "files": files, "times": times}

    def records(self) -> list[Any]:
        """Return the judgements of the study, oldest first."""
        found = self.store.find({"ploutos.kind": "judgement", "ploutos.judged_run": self.first["run_id"]})
        return sorted(found, key=lambda it: int(it.data.tags["ploutos.judgement"]))


def newest(folder: Path) -> dict[str, Any]:
    files = sorted(folder.glob("outputs/*/*/*/verdict.json"), key=lambda path: path.stat().st_mtime)
    told: dict[str, Any] = json.loads(files[-1].read_text())
    return told


def ran(place: Place, *words: str) -> Ended:
    ended = run(*words, folder=place.folder)
    assert ended.code == 0, ended
    return ended


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("judged")
    ended = run(*STUDY, folder=folder)
    assert ended.code == 0, ended
    return Place(folder, newest(folder))


@pytest.mark.slow
def test_the_first_judgement_is_the_studys(place: Place) -> None:
    kept, first = place.kept(), place.first
    assert not first["accepted"] and "target_sharpe" in first["reason"]
    assert kept["tags"]["ploutos.accepted"] == "False" and kept["tags"]["ploutos.verdict"] == first["reason"]
    (record,) = place.records()
    assert kept["tags"]["ploutos.first_judgement"] == record.info.run_id
    assert record.data.tags["ploutos.verdict"] == first["reason"]
    assert record.data.params["validation.checks.targets.min_sharpe"] == "99"
    assert {"verdict.json", "report.html", "config.yaml", "track/track.parquet"} <= kept["files"].keys()
    assert first["differs_from_first"].keys() == {"removed", "softer", "changed", "harder", "added"}
    assert not any(first["differs_from_first"].values())
    assert first["first"]["run_id"] == first["run_id"]


@pytest.mark.slow
def test_removing_the_failed_gates_does_not_accept_the_study(place: Place) -> None:
    before, count = place.kept(), len(place.records())
    softer = ["validation.checks.price_noise.noise=1e-9", "validation.checks.bootstrap_sharpe.seed=5"]
    ended = ran(
        place,
        "validate",
        f"study={place.first['run_id']}",
        *CHECKS,
        PAIRS,
        *softer,
        "~validation.checks.targets",
    )
    told = newest(place.folder)
    assert told["accepted"] and told["run_id"] == place.first["run_id"]
    differs = told["differs_from_first"]
    assert differs["removed"] == ["target_max_drawdown", "target_sharpe", "target_years"]
    assert differs["softer"] == ["price_noise.noise 0.001 -> 1e-09"]
    assert differs["changed"] == ["bootstrap_sharpe.seed 20241 -> 5"]
    begins = "with fewer and softer checks than the first judgement, which was REJECTED (removed target_max"
    assert told["reason"].startswith(begins) and told["reason"].endswith("): every gate passed")
    assert (
        "fewer and softer checks" in ended.out.splitlines()[0]
        and "removed targets" in ended.out.splitlines()[0]
    )
    assert f"\nACCEPTED: {told['reason']}\n" in ended.out
    (report,) = place.folder.glob("outputs/validate/*/*/report.html")
    assert begins in report.read_text()
    assert place.kept() == before
    records = place.records()
    assert len(records) == count + 1
    tags = records[-1].data.tags
    assert (tags["ploutos.accepted"], tags["ploutos.verdict"]) == ("True", told["reason"])
    assert "removed target_max_drawdown" in tags["ploutos.differs"]
    files = {it.path for it in place.store.client.list_artifacts(records[-1].info.run_id)}
    assert files == {"verdict.json", "config.yaml", "report.html"}


@pytest.mark.slow
def test_neither_does_launching_it_again(place: Place) -> None:
    """With the same checks the verdict is the same; with fewer it says so; the study stays as it was."""
    before = place.kept()
    ran(place, *STUDY)
    same = newest(place.folder)
    assert same == place.first
    ended = ran(place, *SOFT)
    told = newest(place.folder)
    assert told["accepted"] and told["run_id"] == place.first["run_id"]
    assert told["reason"].startswith("with fewer checks than the first judgement, which was REJECTED")
    assert "judged with fewer checks" in ended.out and "it keeps its first verdict:" in ended.out
    assert place.kept() == before
    numbers = [it.data.tags["ploutos.judgement"] for it in place.records()]
    assert numbers == [str(k + 1) for k in range(len(numbers))]


@pytest.mark.slow
def test_nor_training_it_again_and_then_its_name_is_ambiguous(place: Place) -> None:
    before = place.kept()
    ran(place, *SOFT, "resume=false")
    told = newest(place.folder)
    assert told["accepted"] and told["run_id"] != place.first["run_id"]
    assert told["first"]["run_id"] == place.first["run_id"]
    assert told["reason"].startswith("with fewer checks than the first judgement, which was REJECTED")
    own = place.store.get(told["run_id"])
    assert own.data.tags["ploutos.verdict"] == told["reason"]
    assert place.kept() == before
    ended = run("validate", "study=tiny", *CHECKS, folder=place.folder)
    assert ended.code == 2 and ended.err.count("\n") == 1
    assert ended.err.startswith("ploutos: study: 2 runs are called 'tiny': ")
    for run_id, outcome in ((told["run_id"], "ACCEPTED"), (place.first["run_id"], "REJECTED")):
        assert f"{run_id} (study of 20" in ended.err and f"UTC, {outcome})" in ended.err
    ended = run("validate", f"study={place.records()[0].info.run_id}", folder=place.folder)
    assert ended.code == 2 and f"is a judgement; judge its study={place.first['run_id']}" in ended.err


def test_an_incomplete_study_has_no_verdict_yet(tmp_path: Path) -> None:
    store = Mlflow(folder=str(tmp_path / "mlruns"), experiment="x", busy_timeout_seconds=9).open()
    file = tmp_path / "verdict.json"
    file.write_text("1")
    incomplete = Verdict.of((), incomplete="1 of 2 runs missing")
    home = store.start("study", {"ploutos.kind": "study"})
    assert not is_judged(store.get(home.run_id))
    record_incomplete(store, home, incomplete, file)
    known = store.get(home.run_id)
    assert not is_judged(known) and known.data.tags["ploutos.verdict"] == incomplete.reason
    # A verdict that it has is not taken away by runs that were lost afterwards.
    home.tags({"ploutos.accepted": True, "ploutos.verdict": "fine", "ploutos.first_judgement": "abc"})
    file.write_text("2")
    record_incomplete(store, home, incomplete, file)
    known = store.get(home.run_id)
    assert is_judged(known) and known.data.tags["ploutos.verdict"] == "fine"
    assert store.artifact(home.run_id, "verdict.json").read_text() == "1"


@pytest.mark.parametrize(
    ("tags", "judged"),
    [
        ({}, False),
        ({"ploutos.accepted": "False", "ploutos.verdict": "incomplete: 1 of 4 runs missing"}, False),
        ({"ploutos.accepted": "False", "ploutos.verdict": "failed: target_sharpe"}, True),
        ({"ploutos.accepted": "True", "ploutos.verdict": "every gate passed"}, True),
        ({"ploutos.accepted": "False", "ploutos.verdict": "incomplete: no gate was checked"}, True),
    ],
)
def test_verdicts_of_older_stores_count(tmp_path: Path, tags: dict[str, str], judged: bool) -> None:
    store = Mlflow(folder=str(tmp_path / "mlruns"), experiment="x", busy_timeout_seconds=9).open()
    assert is_judged(store.get(store.start("study", {"ploutos.kind": "study", **tags}).run_id)) is judged
