"""Settings of a launcher that was not chosen, and the shipped launchers."""

import re
from pathlib import Path

import pytest
from commands import Call
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from ploutos.apps.conf_dir import conf_dir
from ploutos.apps.launcher import declared, fit
from ploutos.apps.sweep import compose_job, expand

SHIPPED = sorted((conf_dir() / "hydra" / "launcher").glob("*.yaml"))


def composed(*overrides: str) -> DictConfig:
    with initialize_config_dir(str(conf_dir())):
        return compose("study", list(overrides), return_hydra_config=True)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_shipped_settings_are_those_that_the_launcher_declares(path: Path) -> None:
    own, theirs = OmegaConf.load(path), declared(path.stem)
    assert theirs is not None and own == OmegaConf.create(OmegaConf.to_container(theirs))
    for line in path.read_text().splitlines():
        if re.match(r"n_jobs|verbose|timeout|max_nbytes|batch_size", line):
            assert "  # " in line


@pytest.mark.parametrize("experiment", ["quickstart", "hourly_us"])
def test_an_experiment_for_joblib_runs_one_job_after_another(experiment: str) -> None:
    config = composed(f"experiment={experiment}", "hydra/launcher=basic")
    told = fit(config)
    assert len(told) == 1 and "hydra.launcher.n_jobs does not apply to hydra/launcher=basic" in told[0]
    assert list(config.hydra.launcher) == ["_target_"]
    assert fit(config) == []


def test_what_applies_stays(tmp_path: Path) -> None:
    config = composed("experiment=quickstart", "hydra.launcher.n_jobs=3", "+hydra.launcher.timeout_min=5")
    (told,) = fit(config)
    assert "hydra.launcher.timeout_min does not apply to hydra/launcher=joblib" in told
    assert config.hydra.launcher.n_jobs == 3 and "timeout_min" not in config.hydra.launcher
    assert config.hydra.launcher.backend == "loky"


def test_jobs_are_composed_as_the_sweep_was() -> None:
    """Hydra refuses a job whose launcher differs from the one that launches it."""
    with initialize_config_dir(str(conf_dir())):
        words = ["experiment=quickstart", "hydra/launcher=basic"]
        config = compose("study", words, return_hydra_config=True)
        assert len(fit(config)) == 1
        job = compose_job(config, expand(config)[0][-1])
    assert (job.fold, job.seed) == (2, 2) and list(job.hydra.launcher) == ["_target_"]


@pytest.mark.parametrize("line", ["study hydra.launcher.n_jobs=2", "train -m hydra.launcher.backend=loky"])
def test_a_setting_without_its_launcher_names_the_remedy(ploutos: Call, line: str) -> None:
    ended = ploutos(*line.split())
    assert ended.code == 2 and ended.err.count("\n") == 1
    key = line.split()[-1].partition("=")[0]
    assert ended.err.startswith(f"ploutos: {key}: ") and "hydra/launcher=joblib" in ended.err
    assert list(Path.cwd().iterdir()) == []


def test_values_are_checked_by_their_types(ploutos: Call) -> None:
    ended = ploutos("study", "hydra/launcher=joblib", "hydra.launcher.n_jobs=many", "fold=0,1")
    assert ended.code == 2 and ended.err.count("\n") == 1, ended
    assert "hydra.launcher.n_jobs" in ended.err and "many" in ended.err
    assert list(Path.cwd().iterdir()) == []
