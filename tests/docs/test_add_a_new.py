"""The pages of docs/add_a_new, executed: their files are written to a folder and their commands run there."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "docs" / "add_a_new"
BLOCK = re.compile(r"(?:^`(?P<file>[\w./]+)`:\n\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.M | re.S)

# What makes a page's command a matter of seconds; appended to each.
SMALL = {
    "env.num_envs": 4,
    "env.episode_bars": 32,
    "split.test_months": 3,
    "validation.checks.price_noise.paths": 2,
    "validation.checks.bootstrap_sharpe.resamples": 100,
    "validation.checks.paired_baselines.resamples": 100,
}
MARKET = {
    "data.n_assets": 4,
    "data.years": 1.26,
    "split.first_test": "2016-01-01",
    "split.n_folds": 1,
}
LEARNING = {"agent.total_steps": 256, "agent.n_steps": 64, "agent.batch_size": 64}


@dataclass
class Page:
    """The files and commands of one page."""

    files: dict[str, str]
    commands: list[str]


def read(name: str) -> Page:
    page = Page({}, [])
    for block in BLOCK.finditer((PAGES / f"{name}.md").read_text()):
        if block["language"] == "bash":
            page.commands += block["text"].strip().splitlines()
        else:
            assert block["file"], f"{name}.md: a {block['language']} block without a file name"
            page.files[block["file"]] = block["text"]
    return page


Done = subprocess.CompletedProcess[str]


class Workshop:
    """A folder with a page's files, and the environment that its commands build up."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.page = read(name)
        (folder / "my_package").mkdir()
        (folder / "my_package" / "__init__.py").touch()
        for path, text in self.page.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        bin_folder = str(Path(sys.executable).parent)
        self.environment = os.environ | {"PATH": bin_folder + os.pathsep + os.environ["PATH"]}
        self.environment.pop("PLOUTOS_TRUST", None)
        # Two threads that wait for each other are slow where another test keeps the second core busy.
        self.environment |= dict.fromkeys(("OMP_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
        self.commands = [line for line in self.page.commands if not line.startswith("export ")]
        self.exports = [line for line in self.page.commands if line.startswith("export ")]

    def run(
        self, command: str, *, trust: bool = True, **overrides: object
    ) -> subprocess.CompletedProcess[str]:
        extra = ""
        if command.startswith("ploutos "):
            extra = "".join(f" {key}={value}" for key, value in (SMALL | overrides).items())
        lines = [*(self.exports if trust else ["export PYTHONPATH=."]), command + extra]
        return subprocess.run(
            ["bash", "-euc", "\n".join(lines)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )

    def verdict(self, name: str) -> dict[str, object]:
        """Return the verdict of the one run called `name`."""
        (path,) = self.folder.glob(f"outputs/train/{name}/*/verdict.json")
        told = json.loads(path.read_text())
        assert isinstance(told, dict)
        return told


def finished(done: Done) -> None:
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", [p.stem for p in sorted(PAGES.glob("*.md")) if p.stem != "README"])
def test_a_target_outside_ploutos_is_refused_without_the_opt_in(name: str, tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, name)
    command = next(line for line in workshop.commands if line.startswith("ploutos "))
    if name == "data_source":
        (tmp_path / "prices.jsonl").touch()
    done = workshop.run(command, trust=False, **(MARKET if name != "data_source" else {}))
    assert done.returncode == 2, done.stdout + done.stderr
    line = done.stderr.strip().splitlines()[-1]
    assert line.startswith("ploutos: ")
    assert "my_package" in line
    assert not list(tmp_path.glob("outputs/**/verdict.json"))


def test_a_trusted_name_that_is_no_package_is_refused(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, "check")
    workshop.exports = ["export PYTHONPATH=. PLOUTOS_TRUST=my_package,my_pakage"]
    done = workshop.run(workshop.commands[0], **MARKET)
    assert done.returncode == 2
    line = done.stderr.strip().splitlines()[-1]
    assert line == "ploutos: PLOUTOS_TRUST: there is no package 'my_pakage' on Python's path; see PYTHONPATH"


@pytest.mark.slow
def test_agent(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, "agent")
    own, rule = workshop.commands
    finished(workshop.run(own, **MARKET))
    assert workshop.verdict("best_asset")["children"]
    finished(workshop.run(rule, **MARKET))
    baselines = workshop.verdict("contrarian")["baselines"]
    assert isinstance(baselines, dict)
    assert baselines["contrarian"]["turnover_annual"] > baselines["buy_and_hold"]["turnover_annual"]


@pytest.mark.slow
def test_network(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, "network")
    (train,) = workshop.commands
    finished(workshop.run(train, **MARKET, **LEARNING))
    assert workshop.verdict("ranks")["children"]


@pytest.mark.slow
def test_feature(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, "feature")
    prove, *audits, train = workshop.commands
    finished(workshop.run(prove))
    for audit in audits:
        finished(workshop.run(audit, **MARKET, **LEARNING))
    told = [json.loads(file.read_text()) for file in tmp_path.glob("outputs/audit/*/*/audit.json")]
    assert len(told) == 2 and all(not audit["leaks"] for audit in told)
    finished(workshop.run(train, **MARKET, **LEARNING))
    manifests = [json.loads(file.read_text()) for file in tmp_path.glob(".ploutos/panels/*/manifest.json")]
    ends = {tuple(manifest["feature_names"][-3:]) for manifest in manifests}
    assert ends == {("reversal_short_2", "reversal_short_12", "signal"), ("rank_120", "streak_12", "signal")}


@pytest.mark.slow
def test_check(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, "check")
    loose, strict = workshop.commands
    for command, name, threshold in ((loose, "cheap", 100.0), (strict, "cheaper", 1.0)):
        finished(workshop.run(command, **MARKET, **LEARNING))
        checks = workshop.verdict(name)["checks"]
        assert isinstance(checks, list)
        (own,) = [check for check in checks if check["name"] == "max_turnover"]
        assert own["threshold"] == threshold
        assert own["passed"] == (own["value"] <= threshold)


@pytest.mark.slow
def test_data_source(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, "data_source")
    make, train = workshop.commands
    finished(workshop.run(make))
    finished(workshop.run(train, **LEARNING))
    (manifest,) = tmp_path.glob(".ploutos/panels/*/manifest.json")
    assert json.loads(manifest.read_text())["tickers"] == ["AAA", "BBB", "CCC", "DDD"]
