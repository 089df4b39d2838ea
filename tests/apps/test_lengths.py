"""Names and paths that no file system takes are refused by their keys, before anything is written."""

from pathlib import Path

import pytest
from commands import Call
from data_reports import one_line
from omegaconf import OmegaConf

from ploutos.apps.lengths import check_lengths, check_name, check_path
from ploutos.types import ConfigError

LONG = "x" * 300


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["data", f"name={LONG}"], "name: 'xxxxxxxxxxxxxxxxxxxx...' has 300 letters"),
        (["audit", f"name='{'ä' * 120}'"], "has 120 letters (240 bytes); at most 200 bytes"),
        (["study", "fold=0", "seed=0", f"name={LONG}"], "name: 'xxx"),
        (["train", "-m", "seed=0,1", f"name={LONG}"], "name: 'xxx"),
        (["validate", f"study={LONG}"], "study: 'xxx"),
        (["data", f"hydra.run.dir=a/{LONG}/b"], "hydra.run.dir: 'xxx"),
        (["train", f"hydra.output_subdir={LONG}"], "hydra.output_subdir: 'xxx"),
        (["study", "fold=0", "seed=0", f"hydra.sweep.dir={LONG}"], "hydra.sweep.dir: 'xxx"),
        (["study", "fold=0", "seed=0", f"hydra.sweep.subdir={LONG}"], "hydra.sweep.subdir: 'xxx"),
        (["train", f"checkpoints.folder={LONG}"], "checkpoints.folder: 'xxx"),
        (["data", "panels=list", f"panel.folder={LONG}"], "panel.folder: 'xxx"),
        (["ui", f"tracking.folder={LONG}"], "tracking.folder: 'xxx"),
        (["data", "data=csv", "macro=none", f"data.path={LONG}"], "data.path: 'xxx"),
        (["data", f"panel.folder={'a/' * 2000}"], "panel.folder: the path has "),
        (["data", "--config-dir", LONG], "'xxxxxxxxxxxxxxxxxxxx...' has 300 letters: too long"),
    ],
)
def test_what_is_too_long_is_one_line(ploutos: Call, arguments: list[str], told: str) -> None:
    ended = ploutos(*arguments)
    one_line(ended, told)
    assert len(ended.err) < 200 and list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize("name", ["../../thesis", "..", ".", "a/b", "", "x" * 201, 3])
def test_a_baseline_cannot_be_named_out_of_its_folder(name: object) -> None:
    with pytest.raises(ConfigError, match=r"^baselines: "):
        check_name("baselines", name)
    check_name("baselines", "equal_weight 2.0-b")


def test_the_longest_that_is_possible_can_be_written(tmp_path: Path) -> None:
    """Against the file system itself."""
    check_path("key", tmp_path / ("x" * 255))
    (tmp_path / ("x" * 255)).touch()
    check_name("name", "\N{GREEK SMALL LETTER ALPHA}" * 100)
    (tmp_path / ("\N{GREEK SMALL LETTER ALPHA}" * 100)).mkdir()
    with pytest.raises(ConfigError, match=r"^key: 'xxx"):
        check_path("key", tmp_path / ("x" * 256))


def test_references_and_other_texts_are_left_alone() -> None:
    check_lengths(
        OmegaConf.create(
            {
                "a": {"path": "${nowhere}", "note": LONG, "out_file": None},
                "hydra": {"run": {"dir": "x/${hydra:job.num}"}},
            }
        )
    )
    with pytest.raises(ConfigError, match=r"^a\.b\.out_file: "):
        check_lengths(OmegaConf.create({"a": {"b": {"out_file": f"/tmp/{LONG}"}}}))
