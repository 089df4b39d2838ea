"""A study under way keeps its panel: nobody prunes it, and one that was deleted by hand is built again."""

import json
import shutil
from pathlib import Path

import pytest
from commands import CHECKS, TINY, finish, run, start
from interrupting import job_beyond

STUDY = [*TINY, *CHECKS, "fold=0,1", "seed=0", "agent.total_steps=8192"]


@pytest.mark.slow
def test_a_study_keeps_its_panel(tmp_path: Path) -> None:
    study = start("study", *STUDY, "hydra.sweep.dir=here", folder=tmp_path)
    job_beyond(tmp_path, 1)
    (manifest,) = (tmp_path / ".ploutos/panels").glob("*/manifest.json")
    pruned = run("data", "panels=prune", "unused_days=0", folder=tmp_path)
    assert pruned.code == 0, pruned.err
    assert f"{manifest.parent.name[:16]}  left: a process is using it\n" in pruned.out
    assert pruned.out.splitlines()[-1].startswith("removed 0 panels, ") and manifest.is_file()
    shutil.rmtree(manifest.parent)  # by hand, before the second fold is trained
    ended = finish(study)
    assert ended.code == 0, (ended.out, ended.err)
    told = json.loads((tmp_path / "here/verdict.json").read_text())
    assert [child["state"] for child in told["children"]] == ["FINISHED"] * 2
    assert told["panel"] == manifest.parent.name and manifest.is_file()
    pruned = run("data", "panels=prune", "unused_days=0", folder=tmp_path)
    assert pruned.out.splitlines()[-1].startswith("removed 1 panels, ") and not manifest.exists()
