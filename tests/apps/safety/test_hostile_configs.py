"""No config runs, imports, opens or tells anything but components in their places, whichever way it comes."""

import sys
from pathlib import Path

import pytest
from commands import Call
from hostile import EXPERIMENTS
from omegaconf import OmegaConf

from ploutos.apps.children import KIND
from ploutos.apps.errors import describe
from ploutos.apps.recorded import read
from ploutos.apps.safety.plain_yaml import load
from ploutos.apps.safety.uris import without_credentials
from ploutos.apps.study_context import CONFIG, PLAN
from ploutos.tracking.mlflow import Mlflow, Store
from ploutos.types import ConfigError

SECRET = "s3cr3t-of-the-environment"


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    """Return a config folder to be filled."""
    (tmp_path / "conf" / "experiment").mkdir(parents=True)
    return tmp_path / "conf"


@pytest.fixture(autouse=True)
def nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """After each test: no mark made, nothing imported, nothing written where the command ran."""
    monkeypatch.setenv("SECRET_OF_MINE", SECRET)
    sys.modules.pop("antigravity", None)
    yield
    assert not (tmp_path / "mark").exists()
    assert "antigravity" not in sys.modules


def refused(told, says: str) -> None:
    assert told.code == 2, told
    assert told.err.count("\n") == 1 and says in told.err, told.err
    assert SECRET not in told.err + told.out and "secret@" not in told.err


@pytest.mark.parametrize("verb", ["train", "study", "audit"])
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_hostile_experiment_is_refused(ploutos: Call, stranger: Path, tmp_path: Path, verb: str, name: str):
    text, says = EXPERIMENTS[name]
    body = text.format(mark=tmp_path / "mark")
    (stranger / "experiment" / "gift.yaml").write_text(f"# @package _global_\n{body}")
    swept = ["fold=0", "seed=0"] if verb == "study" else []
    refused(ploutos(verb, "--config-dir", str(stranger), "experiment=gift", *swept), says)
    assert list(Path.cwd().iterdir()) == []


VALIDATIONS = {
    "validation": "_target_: ploutos.apps.guard.run_guarded\nfolder: .\n",
    "report": "_target_: ploutos.report.html.replace_file\npath: '{mark}'\ncontent: x\n",
    "tracking": "_target_: os.system\ncommand: touch {mark}\n",
}


@pytest.mark.parametrize("group", VALIDATIONS)
def test_a_hostile_group_of_validate_is_refused(ploutos: Call, stranger: Path, tmp_path: Path, group: str):
    (stranger / group).mkdir()
    (stranger / group / "gift.yaml").write_text(VALIDATIONS[group].format(mark=tmp_path / "mark"))
    told = ploutos("validate", "--config-dir", str(stranger), f"{group}=gift", "study=x")
    refused(told, f"{group}._target_: ")
    assert list(Path.cwd().iterdir()) == []


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Return a store such as a colleague might send along."""
    return Mlflow(
        folder=str(tmp_path_factory.mktemp("sent") / "mlruns"),
        experiment="ploutos",
        busy_timeout_seconds=60.0,
    ).open()


@pytest.mark.parametrize("name", [name for name, (text, _) in EXPERIMENTS.items() if "hydra:" not in text])
def test_a_stored_run_obeys_the_same_rules(store: Store, tmp_path: Path, name: str):
    text, says = EXPERIMENTS[name]
    body = text.format(mark=tmp_path / "mark")
    run = store.start("gift", {KIND: "study", "ploutos.study": "gift", "ploutos.panel": "0" * 64})
    run.text(f"# a comment\n{body}", CONFIG)
    run.text("[]", PLAN)
    with pytest.raises(ConfigError) as refused:
        read(store, store.get(run.run_id))
    line, code = describe(refused.value)
    expected = "holds a reference" if "${" in body else says
    assert code == 2 and expected in line and "\n" not in line


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["train", "hydra.searchpath=[pkg://antigravity]"], "hydra.searchpath: not allowed"),
        (["train", "hydra[searchpath]=[pkg://antigravity]"], "not allowed"),
        (["train", "hydra.searchpath=extend_list(pkg://antigravity)"], "hydra.searchpath: not allowed"),
        (["study", "+hydra.aliases.lr=hydra.searchpath", "fold=0", "seed=0"], "hydra.aliases"),
        (["train", "~hydra.callbacks.before_run"], "hydra.callbacks.before_run: missing"),
        (["study", "~hydra.callbacks.study", "fold=0", "seed=0"], "hydra.callbacks.study: missing"),
        (
            ["train", "-m", "+hydra.sweeper.params={+hydra.job.env_set.LD_PRELOAD:x}", "seed=0,1"],
            "hydra.job.env_set: a config sets no environment variables",
        ),
        (["train", "--config-path", "elsewhere"], "--config-path: not allowed"),
        (["train", "--experimental-rerun", "elsewhere"], "--experimental-rerun: not allowed"),
        (["train", "hydra/job_logging=default"], "hydra.job_logging: logs would be written elsewhere"),
        (["study", "hydra/hydra_logging=default", "fold=0", "seed=0"], "hydra.hydra_logging: logs would"),
        (["train", "-m", "seed=0,1", "hydra/job_logging=stdout"], "hydra.job_logging"),
        (["ui", "hydra.job.env_copy=[HOME]"], "hydra.job.env_set: a config sets no environment"),
        (["data", "hydra.output_subdir=/elsewhere"], "hydra.output_subdir: '/elsewhere'"),
        (
            ["train", "-m", "seed=0,1", "baselines.equal_weight._target_=os.system"],
            "'os.system' is not allowed",
        ),
        (["train", "name=${oc.env:SECRET_OF_MINE}"], "name: a reference ${oc.env:...} is not allowed"),
        (
            ["train", "--cfg", "job", "--resolve", "+x=${oc.env:SECRET_OF_MINE}"],
            "${oc.env:...} is not allowed",
        ),
    ],
    ids=lambda value: " ".join(value[1:]) if isinstance(value, list) else "",
)
def test_a_hostile_override_is_refused(ploutos: Call, arguments: list[str], says: str):
    refused(ploutos(*arguments), says)
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize("key", ["searchpath: [pkg://antigravity]", "aliases: {lr: hydra.searchpath}"])
def test_a_primary_config_sets_no_search_path(ploutos: Call, stranger: Path, key: str):
    (stranger / "train.yaml").write_text(f"defaults:\n  - data: synthetic\nhydra:\n  {key}\n")
    told = ploutos("train", "--config-dir", str(stranger))
    refused(told, f"train.yaml: hydra.{key.partition(':')[0]}: not allowed in a config")


@pytest.mark.parametrize("verb", ["train", "study"])
def test_the_jobs_of_a_sweep_are_checked_too(ploutos: Call, stranger: Path, verb: str):
    """A group composed into Hydra's part of the jobs alone."""
    (stranger / "gift").mkdir()
    (stranger / "gift" / "one.yaml").write_text("env_set: {LD_PRELOAD: x}\n")
    (stranger / "experiment" / "gift.yaml").write_text(
        "# @package _global_\nhydra:\n  sweeper:\n    params:\n      +gift@hydra.job: one\n      seed: 0,1\n"
    )
    swept = ["fold=0"] if verb == "study" else ["-m"]
    told = ploutos(verb, "--config-dir", str(stranger), "experiment=gift", *swept)
    refused(told, "hydra.job.env_set: a config sets no environment variables")
    assert not list(Path.cwd().rglob("*.yaml"))


def test_broken_yaml_names_file_and_line(ploutos: Call, stranger: Path):
    (stranger / "experiment" / "broken.yaml").write_text("# @package _global_\nname: [a\nseed: 1\n")
    told = ploutos("train", "--config-dir", str(stranger), "experiment=broken")
    refused(told, "experiment/broken.yaml: line 3: no valid YAML")


def test_plain_files_are_read_as_omegaconf_reads_them(tmp_path: Path):
    file = tmp_path / "plain.yaml"
    file.write_text("a: &x {b: 1.0e-3, c: 'off'}\nd: *x\ne: [1, null, yes, 2020-01-01]\n")
    assert load(file, called="it") == OmegaConf.load(file)
    file.write_bytes(b"a: \xff\n")
    with pytest.raises(ConfigError, match="it: cannot be read"):
        load(file, called="it")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sqlite:////home/me/mlruns/mlflow.db", "sqlite:////home/me/mlruns/mlflow.db"),
        ("https://me:pass@host:5000/path", "https://host:5000/path"),
        ("https://me@host/", "https://host/"),
        ("postgresql+psycopg2://me:p%40ss@[::1]:5432/db", "postgresql+psycopg2://[::1]:5432/db"),
        ("mysql://a:b@c@host/db", "mysql://host/db"),
        (
            "failed at https://a:b@h/x?q=1&token=abc and https://h2/",
            "failed at https://h/x?q=1&token=*** and https://h2/",
        ),
        ("mail me@example.com about 3:4", "mail me@example.com about 3:4"),
    ],
)
def test_addresses_are_told_without_credentials(text: str, told: str):
    assert without_credentials(text) == told
