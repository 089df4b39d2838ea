"""A study with market regimes: stored with every policy, seen again by the judge, told in the report."""

import json
from pathlib import Path
from typing import Any

import pytest
from commands import CHECKS, TINY, Ended, run
from hydra import compose, initialize_config_dir

from ploutos.apps.conf_dir import conf_dir
from ploutos.apps.parts import build_parts
from ploutos.apps.regimes import shown
from ploutos.env.market import Market
from ploutos.regime.fitted_regime import load_regime
from ploutos.tracking.mlflow import Mlflow, Store
from ploutos.types import ConfigError

pytestmark = pytest.mark.slow
REGIME = [
    "regime=hmm",
    "regime.max_states=2",
    "regime.starts=2",
    "regime.macro=[vix_z]",
    "regime.exposure={bull: 1.0, bear: 0.25}",
]
STUDY = ["study", *TINY, *CHECKS, *REGIME, "fold=0,1", "seed=0,1"]


class Done:
    """A study that ended, and where."""

    def __init__(self, folder: Path, ended: Ended) -> None:
        self.folder, self.ended = folder, ended

    @property
    def home(self) -> Path:
        """Where the newest launch left its files."""
        return sorted(self.folder.glob("outputs/study/tiny/*/verdict.json"))[-1].parent

    @property
    def verdict(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads((self.home / "verdict.json").read_text())
        return told

    @property
    def store(self) -> Store:
        return Mlflow(
            folder=str(self.folder / "mlruns"), experiment="ploutos", busy_timeout_seconds=60.0
        ).open()


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder = tmp_path_factory.mktemp("regime")
    ended = run(*STUDY, folder=folder)
    assert ended.code == 0, ended
    return Done(folder, ended)


def test_the_report_the_verdict_and_the_terminal_tell_figures_by_regime(done: Done) -> None:
    told = done.verdict["regimes"]
    assert set(told) <= {"bull", "bear"} and sum(v["time_pct"] for v in told.values()) == pytest.approx(100)
    page = (done.home / "report.html").read_text()
    assert "<h3>Return by regime</h3>" in page and "bull" in page
    assert any(line.split()[:1] == ["regime"] for line in done.ended.out.splitlines())


def test_every_policy_has_the_regime_of_its_fold(done: Done, monkeypatch: pytest.MonkeyPatch) -> None:
    """And is loaded on the columns that it stored, or not at all."""
    monkeypatch.chdir(done.folder)
    with initialize_config_dir(str(conf_dir())):
        parts = build_parts(compose("train", [*TINY, *REGIME]))
    told = done.verdict
    panel = parts.panels.open(told["panel"])
    market = Market.of(panel)
    stored = {}
    for child in told["children"]:
        folder = done.store.artifact(child["run_id"], "policy")
        regime = load_regime(folder)
        assert regime is not None and regime.exposure == {"bull": 1.0, "bear": 0.25}
        stored.setdefault(child["fold"], []).append(regime.as_dict())
        seen = shown(market, panel, regime)
        policy = parts.agent.load(folder, parts.environment, seen)
        assert policy.layout.macro_names == (*panel.macro_names, "regime_bull", "regime_bear")
        with pytest.raises(ConfigError, match=r"macro_names: position \d+ is 'None' .*'regime_bull'"):
            parts.agent.load(folder, parts.environment, market)
        rows = json.loads(done.store.artifact(child["run_id"], "result.json").read_text())["rows"]["train"]
        assert parts.regime.fit(panel, slice(*rows)).as_dict() == regime.as_dict()
    assert stored[0][0] == stored[0][1] != stored[1][0] == stored[1][1]


def test_a_relaunch_reuses_children_and_another_regime_does_not(done: Done) -> None:
    first = done.verdict
    ended = run(*STUDY, folder=done.folder)
    assert ended.code == 0, ended
    assert done.verdict == first
    ended = run(*STUDY, "regime.exposure=null", folder=done.folder)
    assert ended.code == 0, ended
    other = done.verdict
    assert {c["key"] for c in other["children"]}.isdisjoint(c["key"] for c in first["children"])
    assert other["equity_sha256"] != first["equity_sha256"]
    assert other["metrics"]["gross_mean"] > first["metrics"]["gross_mean"] > 0


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("regime.macro=[vix_zz]", "regime.macro: unknown value 'vix_zz'. Nearest: 'vix_z'"),
        ("regime.exposure={bull: 1.0}", "regime.exposure: no value for 'bear'"),
        ("regime.min_states=3", "regime.min_states: 3 is above regime.max_states=2"),
    ],
)
def test_a_bad_setting_ends_before_anything_is_trained(done: Done, override: str, told: str) -> None:
    ended = run(*STUDY, override, folder=done.folder)
    assert ended.code == 2 and told in ended.err and ended.err.count("\n") == 1, ended
