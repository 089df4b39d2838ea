"""A run replaces nothing in its folder that no run of Ploutos wrote; what it writes there is known."""

from pathlib import Path

import pytest
from commands import CHECKS, TINY, Call, run
from data_reports import MARKET, one_line
from interrupting import store_of
from omegaconf import DictConfig, OmegaConf

from ploutos.apps.run_folder import WRITTEN, is_ours, require_own_folder
from ploutos.types import ConfigError

SMALL = [*TINY, *CHECKS, "split.n_folds=1", "fold=0"]


def everything(folder: Path) -> dict[str, bytes | None]:
    return {
        place.relative_to(folder).as_posix(): place.read_bytes() if place.is_file() else None
        for place in folder.rglob("*")
    }


def config(folder: Path, mode: str = "RUN", subdir: str = "fold_${fold}-seed_${seed}") -> DictConfig:
    dirs = {"run": {"dir": str(folder)}, "sweep": {"dir": str(folder), "subdir": subdir}}
    made = OmegaConf.create({"hydra": {"mode": mode, "output_subdir": ".hydra", **dirs}})
    assert isinstance(made, DictConfig)
    return made


@pytest.mark.parametrize("mode", ["RUN", "MULTIRUN"])
@pytest.mark.parametrize("name", [*WRITTEN, ".hydra/config.yaml", ".hydra/hydra.yaml"])
@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_is_there_already_is_not_replaced(tmp_path: Path, mode: str, name: str, kind: str) -> None:
    place = tmp_path / "mine" / name
    place.parent.mkdir(parents=True)
    if kind == "file":
        place.write_text("hydra:\n  help:\n    app_name: my_app\n")
    elif kind == "folder":
        place.mkdir()
    else:
        (tmp_path / "thesis").write_text("mine")
        place.symlink_to(tmp_path / "thesis")
    before = everything(tmp_path)
    if mode == "MULTIRUN" and ".hydra" in name:
        require_own_folder(config(tmp_path / "mine", mode))  # a sweep writes none
    else:
        with pytest.raises(ConfigError, match=rf"^hydra\..*'{place.name}' that no run of Ploutos wrote"):
            require_own_folder(config(tmp_path / "mine", mode))
    assert everything(tmp_path) == before


@pytest.mark.parametrize(
    ("subdir", "refused", "accepted"),
    [
        ("fold_${fold}-seed_${seed}", ["fold_0-seed_0", "fold_-seed_x"], ["fold_0", "my_fold_0-seed_0"]),
        ("${hydra:job.num}", ["0", "17"], ["a", "1a"]),
        ("a/${fold}", ["a"], ["b", "0"]),
        ("[x].${seed}", ["[x].1"], ["x.1", "[x]11"]),
    ],
)
def test_folders_of_jobs_are_known(
    tmp_path: Path, subdir: str, refused: list[str], accepted: list[str]
) -> None:
    for number, name in enumerate([*refused, *accepted]):
        folder = tmp_path / str(number)
        (folder / name).mkdir(parents=True)
        if name in accepted:
            require_own_folder(config(folder, "MULTIRUN", subdir))
        else:
            with pytest.raises(ConfigError, match=r"^hydra\.sweep\.dir: "):
                require_own_folder(config(folder, "MULTIRUN", subdir))


@pytest.mark.parametrize("subdir", ["../x", "a/../../x", "/tmp/x"])
def test_jobs_stay_in_the_folder_of_their_sweep(tmp_path: Path, subdir: str) -> None:
    with pytest.raises(ConfigError, match=r"^hydra\.sweep\.subdir: '.*' leaves the folder of the sweep"):
        require_own_folder(config(tmp_path, "MULTIRUN", subdir))


def test_every_verb_refuses(ploutos: Call, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.yaml").write_text("mine")
    before = everything(tmp_path)
    told = f"'{tmp_path / 'mine'}' has a 'config.yaml' that no run of Ploutos wrote"
    one_line(ploutos("ui", f"hydra.run.dir={tmp_path / 'mine'}"), "tracking.folder: no MLflow store")
    for verb in ("data", "audit", "train"):
        one_line(ploutos(verb, f"hydra.run.dir={tmp_path / 'mine'}"), f"hydra.run.dir: {told}")
    one_line(ploutos("validate", "study=x", f"hydra.run.dir={tmp_path / 'mine'}"), f"hydra.run.dir: {told}")
    for verb in (["study", "fold=0", "seed=0"], ["train", "-m", "fold=0"]):
        one_line(ploutos(*verb, f"hydra.sweep.dir={tmp_path / 'mine'}"), f"hydra.sweep.dir: {told}")
    assert everything(tmp_path) == before


def test_the_folder_of_hydra_is_not_that_of_somebody(ploutos: Call, tmp_path: Path) -> None:
    (tmp_path / "mine" / "conf").mkdir(parents=True)
    (tmp_path / "mine" / "conf" / "config.yaml").write_text("my: config\n")
    told = ploutos("data", *MARKET, f"hydra.run.dir={tmp_path / 'mine'}", "hydra.output_subdir=conf")
    one_line(told, f"hydra.output_subdir: '{tmp_path / 'mine' / 'conf'}' has a 'config.yaml'")
    assert (tmp_path / "mine" / "conf" / "config.yaml").read_text() == "my: config\n"


def test_other_files_do_not_disturb_and_a_folder_of_ours_is_used_again(ploutos: Call, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    (folder / "notes").mkdir(parents=True)
    (folder / "notes" / "thesis.txt").write_text("mine")
    for _ in range(2):
        assert ploutos("data", *MARKET, f"hydra.run.dir={folder}").code == 0
        assert is_ours(folder) and (folder / "data.json").is_file()
    written = {place.name for place in folder.iterdir()} - {"notes", ".hydra"}
    assert written <= set(WRITTEN) and (folder / "notes" / "thesis.txt").read_text() == "mine"


def test_a_study_writes_what_is_known_and_one_report(tmp_path: Path) -> None:
    ended = run("study", *SMALL, "seed=0", "hydra.sweep.dir=here", folder=tmp_path)
    assert ended.code == 0, ended.err
    study = tmp_path / "here"
    assert {path.name for path in study.iterdir()} - {"fold_0-seed_0"} <= set(WRITTEN)
    (report,) = study.rglob("report.html")
    (kept,) = (tmp_path / "mlruns").rglob("report.html")
    assert report.samefile(kept) and report.stat().st_nlink == 2
    assert report.stat().st_size > 1_000_000
    content = kept.read_bytes()
    store = store_of(tmp_path)
    (home,) = store.find({"ploutos.kind": "study"})
    assert store.artifact(home.info.run_id, "report.html").read_bytes() == content
    again = run("validate", "study=tiny", "hydra.run.dir=again", *CHECKS, folder=tmp_path)
    assert again.code == 0, again.err
    assert {path.name for path in (tmp_path / "again").iterdir()} - {".hydra"} <= set(WRITTEN)
    assert report.read_bytes() == content  # judging again wrote into no file of the first folder
