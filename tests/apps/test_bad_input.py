"""Bad input ends in one line that names what is wrong, exit code 2, and nothing half-written."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from commands import TINY, Call, Ended

from ploutos.apps.preflight import require_writable
from ploutos.types import ConfigError

# Arguments, and what the line must say.
CASES: list[tuple[str, list[str]]] = [
    ("train agent.total_step=5", ["agent.total_step", "Nearest: 'agent.total_steps'"]),
    ("study agent.total_step=5 fold=0,1", ["agent.total_step", "Nearest: 'agent.total_steps'"]),
    ("train agnt.gamma=0.5", ["agnt.gamma", "Nearest: 'agent.gamma'"]),
    ("train nmae=x", ["nmae", "Nearest: 'name'"]),
    ("data data.regimes.bull.vol=3", ["Nearest: 'data.regimes.bull.vol_annual'"]),
    ("data +data.regimes.bull.vol=3", ["data.regimes.bull.vol: no such setting"]),
    ("train ~agent.gama", ["agent.gama", "Nearest: 'agent.gamma'"]),
    ("train ~agent.gamma", ["agent.gamma: missing", "give it a value with agent.gamma=..."]),
    ("train ~split.n_folds", ["split.n_folds: missing", "split.n_folds=..."]),
    ("train baselines=none", ["baselines: 'none' cannot stand for a section", "~baselines."]),
    ("study baselines=null fold=0 seed=0", ["baselines: 'null' cannot stand for a section"]),
    ("train baselines={}", ["baselines: {} is merged and changes nothing", "~baselines.buy_and_hold"]),
    ("train baselines.equal_weight=3", ["baselines.equal_weight: '3'", "agent@baselines.equal_weight="]),
    ("train env.action=discrete", ["env.action: 'discrete'", "choose a variant with env/action=discrete"]),
    ("train agent.network=flat_mlp", ["agent.network: 'flat_mlp'", "agent/network=flat_mlp"]),
    ("audit data.calendar=null", ["data.calendar: 'null'", "data/calendar=weekdays"]),
    ("train execution=none", ["execution: 'none' is no variant", "execution/account, execution/costs"]),
    ("train execution=3", ["execution: '3' is no variant"]),
    ("train env=null", ["env: 'null' is not the name of a variant", "portfolio"]),
    ("train validation.checks=none", ["validation.checks: 'none' cannot stand", "~validation.checks."]),
    ("train validation.checks.targets=null", ["validation.checks.targets: 'null'"]),
    ("train +validation.checks.mine=3", ["validation.checks.mine: 3 is no check"]),
    ("train +validation/check@validation.checks.x=target", ["validation/check: no 'target'", "'targets'"]),
    (
        "study fold=0 seed=0 ~validation.checks.target",
        ["validation.checks.target: no such key"],
    ),
    ("train ~agent._target_", ["agent: agent=recurrent_ppo names no _target_"]),
    ("train ensemble._partial_=no", ["ensemble._partial_: 'no', must be true"]),
    ("train ensemble._partial_=false", ["ensemble._partial_: False, must be true"]),
    ("train +agent._partial_=true", ["agent._partial_: True, must be false"]),
    ("train split=[1]", ["split: '[1]' is not the name of a variant", "walk_forward"]),
    ("train env/action.allow_short=true", ["say env.action.allow_short=...", "env/action=... chooses"]),
    ("train ~execution/costs.cost_bps", ["say execution.costs.cost_bps=..."]),
    ("study agent/network.clip=3 fold=0 seed=0", ["say agent.network.clip=..."]),
    ("train hydra/launcher.n_jobs=2", ["say hydra.launcher.n_jobs=..."]),
    ("train env/action/allow_short=true", ["Nearest: 'env.action.allow_short'"]),
    ("help trian", ["verb", "'trian'", "Nearest: 'train'"]),
    ("train env/acton=discrete", ["env/acton", "Nearest: 'env/action'"]),
    ("train agent=recurent_ppo", ["agent: no 'recurent_ppo'", "Nearest: 'recurrent_ppo'"]),
    ("train env/action=discret", ["env/action: no 'discret'", "Nearest: 'discrete'"]),
    ("study experiment=null", ["experiment: 'null' is not the name of a variant", "quickstart"]),
    ("train agent=3", ["agent: '3' is not the name of a variant", "recurrent_ppo"]),
    ("train env/action={a:1}", ["env/action: '{a:1}' is not the name of a variant", "discrete"]),
    ("train +experiment=true", ["experiment: 'true' is not the name of a variant"]),
    (
        "train execution/costs=per_asset execution.costs.assets={T0:{impact:2}}",
        ["execution.costs.assets.T0: no such key; a new one is added by +execution.costs.assets.T0=..."],
    ),
    (
        "train execution/costs=per_asset +execution.costs.assets.T0.impact=-2",
        ["execution.costs.assets.T0.impact", "greater than or equal to 0", "-2"],
    ),
    ("train ~agent=3", ["agent: '3' is not the name of a variant"]),
    ("study experiment=quick", ["experiment: no 'quick'", "Nearest: 'quickstart'"]),
    ("study hydra/launcher=joblb", ["hydra/launcher: no 'joblb'", "Nearest: 'joblib'"]),
    ("validate validation=quik study=x", ["validation: no 'quik'", "Nearest: 'quick'"]),
    ("ui prot=1", ["prot", "Nearest: 'port'"]),
    ("train name=[1,", ["'name=[1,' is not an override"]),
    ("train agent.gamma", ["'agent.gamma' is not an override"]),
    ("train -x", ["unrecognized arguments: -x"]),
    ("train --cfg job --info", ["--cfg and --info exclude each other"]),
    ("train --config-dir nowhere", ["--config-dir: there is no folder 'nowhere'"]),
    ("trian", ["verb", "'trian'", "Nearest: 'train'"]),
    ("train agent.total_steps=-5", ["agent.total_steps", "greater than or equal to 1", "-5"]),
    ("train agent.gamma=abc", ["agent.gamma", "valid number", "'abc'"]),
    ("train agent.gamma=2", ["agent.gamma", "less than or equal to 1", "2"]),
    ("train agent.network.asset_width=0", ["agent.network.asset_width", "greater than or equal to 1"]),
    ("study validation.checks.price_noise.paths=0 fold=0 seed=0", ["validation.checks.price_noise.paths"]),
    ("data features.return_bars=[0]", ["features.return_bars.0", "greater than or equal to 1"]),
    ("train features=tecnical", ["features: no 'tecnical'", "Nearest: 'technical'"]),
    ("train features=technical features.group=[returns]", ["Nearest: 'features.groups'"]),
    ("train features=technical features.groups=[volatile]", ["features.groups", "Nearest: 'volatility'"]),
    ("train features=technical features.include=[rsi14]", ["features.include", "Nearest: 'rsi_14'"]),
    ("train features=technical features.include=[volatility_1]", ["features.include", "takes 2 or more"]),
    ("train features=technical features.exclude=[rsi_21]", ["features.exclude", "Nearest: 'rsi_14'"]),
    ("train split.first_test=soon", ["split.first_test: 'soon' is not a date"]),
    ("train seed=-1", ["seed: -1 is not a whole number >= 0"]),
    ("train seed=4294967296", ["seed: 4294967296 is not below 2^32"]),
    ("study fold=0 seed=0,4294967296", ["seed: 4294967296 is not below 2^32"]),
    ("train agent.hold_bias=nan", ["agent.hold_bias", "finite number"]),
    ("train macro.tnx_mean_pct=nan", ["macro.tnx_mean_pct", "finite number"]),
    ("train agent.entropy_coefficient=inf", ["agent.entropy_coefficient", "finite number"]),
    ("train seed=abc", ["seed: 'abc' is not a whole number >= 0"]),
    ("train fold=1.5", ["fold: 1.5 is not a whole number >= 0"]),
    ("train name=a/b", ["name: 'a/b'"]),
    ("study fold=0,1.5 seed=0", ["fold: 1.5 is not a whole number >= 0"]),
    ("study fold=0,1 seed=-1", ["seed: -1 is not a whole number >= 0"]),
    ("study fold=0,0 seed=0", ["fold=0, seed=0: swept more than once"]),
    ("study fold=0 seed=0,1 hydra.sweep.subdir=x", ["hydra.sweep.subdir: 'x'", "fold 0 seed 1"]),
    ("study fold=0 seed=0 agent.gamma=0.5,0.9", ["sweeps fold and seed only", "'agent.gamma'"]),
    ("study hydra.mode=RUN", ["hydra.mode: a study is a multirun"]),
    ("data data=parquet macro=none", ["data.path: no value given"]),
    ("train data=parquet macro=parquet", ["data.path: no value given"]),
    (
        "data data=parquet data.path=x.parquet",
        ["macro=synthetic does not go with data=parquet", "none, parquet"],
    ),
    ("data data=parquet macro=none data.path=x.parquet", ["x.parquet does not exist"]),
    ("train data._target_=os.system", ["data._target_: 'os.system' is not allowed"]),
    ("train agent.network._target_=subprocess.Popen", ["agent.network._target_: 'subprocess.Popen'"]),
    ("study validation._target_=os.system fold=0 seed=0", ["validation._target_: 'os.system'"]),
    ("train hydra.callbacks.before_run._target_=os.system", ["'os.system' is not allowed"]),
    ("train data._target_=ploutos.data.nothing.There", ["data", "ploutos.data.nothing.There"]),
    ("validate", ["study: no value given"]),
    ("validate study=x", ["no MLflow store at"]),
    ("ui", ["no MLflow store at"]),
    ("ui port=70000", ["port: 70000 is not a whole number from 1 to 65535"]),
    # Permission bits do not bind root: a path below a regular file is unwritable for everyone.
    ("train tracking.folder=/dev/null/x", ["tracking.folder: cannot write '/dev/null/x'"]),
    ("train hydra.run.dir=/proc/x", ["hydra.run.dir: cannot write '/proc/x'", "set hydra.run.dir=..."]),
    ("study hydra.sweep.dir=/proc/x/y fold=0 seed=0", ["hydra.sweep.dir: cannot write '/proc/x/y'"]),
    ("ui hydra.run.dir=/proc/x", ["hydra.run.dir: cannot write '/proc/x'"]),
    ("data panels=list hydra.run.dir=/proc/x", ["hydra.run.dir: cannot write '/proc/x'"]),
    ("train hydra.run.dir=" + 300 * "x", ["hydra.run.dir: 'xxxx", "has 300 bytes"]),
    ("data panel.folder=/dev/null/x", ["panel.folder: cannot write '/dev/null/x'"]),
    ("train hydra.run.dir=/dev/null/x", ["hydra.run.dir: cannot write '/dev/null/x'"]),
    ("study hydra.sweep.dir=/dev/null/x fold=0 seed=0", ["hydra.sweep.dir: cannot write '/dev/null/x'"]),
]
# These need the panel: it is built, kept, and nothing else is.
CONTRADICTIONS: list[tuple[str, list[str]]] = [
    ("split.embargo_bars=100000", ["split.embargo_bars: 100000 is not shorter"]),
    ("agent.batch_size=60", ["agent.batch_size: 60 does not divide", "env.num_envs"]),
    ("fold=2", ["fold: 2 is outside the split's folds 0..1"]),
    ("split.n_folds=30", ["split: fold 2 tests 2022", "outside the data"]),
    ("env.episode_bars=100000", ["env.episode_bars: 100000 does not fit the training window"]),
    ("env/action=target_weights", ["ensemble: 'majority'", "ensemble=mean"]),
    ("baselines.momentum_rule.feature=momentum_12", ["momentum_12", "Nearest: 'momentum_120'"]),
    ("~baselines.equal_weight", ["paired_baselines.gates: the study has no baseline 'equal_weight'"]),
    ("validation.checks.paired_baselines.gates=[rand]", ["gates: the study has no baseline 'rand'"]),
    ("+agent@baselines.ppo=ppo", ["baselines.ppo: PPO must be trained, a baseline is a rule"]),
    ("+agent@baselines.x=direct_policy_gradient", ["baselines.x: DirectPolicyGradient must be trained"]),
    (
        "validation.checks.targets.min_years=3",
        ["validation.checks.targets.min_years: 3 full out-of-sample years", "the test windows hold 1 (2020)"],
    ),
    (
        "validation.checks.bootstrap_sharpe.block_sessions=60",
        ["bootstrap_sharpe.block_sessions: 60 sessions a block need 300 sessions", "hold 262"],
    ),
    ("universe.tickers=[SYN9]", ["universe.tickers", "'SYN9'", "Nearest: 'SYN"]),
]


def require_refusal(told: Ended, says: list[str]) -> None:
    assert told.code == 2, told
    assert told.err.count("\n") == 1 and told.err.startswith("ploutos: "), told.err
    assert "Traceback" not in told.err
    for text in says:
        assert text in told.err


@pytest.mark.parametrize(("line", "says"), CASES, ids=[line for line, _ in CASES])
def test_one_line_and_no_trace(ploutos: Call, line: str, says: list[str]) -> None:
    require_refusal(ploutos(*line.split()), says)
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize("verb", ["train", "study"])
@pytest.mark.parametrize(("line", "says"), CONTRADICTIONS, ids=[line for line, _ in CONTRADICTIONS])
def test_a_contradiction_leaves_no_run(
    ploutos: Call, tmp_path_factory: pytest.TempPathFactory, verb: str, line: str, says: list[str]
) -> None:
    panels = tmp_path_factory.getbasetemp() / "panels"
    swept = [] if verb == "train" else ["seed=0", *(["fold=0"] if "fold=" not in line.split(".")[-1] else [])]
    require_refusal(ploutos(verb, *TINY, f"panel.folder={panels}", *swept, line), says)
    assert list(Path.cwd().iterdir()) == []
    assert not list(panels.glob("*building*"))


def test_a_sweep_is_refused_before_its_first_job(
    ploutos: Call, tmp_path_factory: pytest.TempPathFactory
) -> None:
    panels = tmp_path_factory.getbasetemp() / "panels"
    told = ploutos("train", *TINY, f"panel.folder={panels}", "-m", "agent.batch_size=64,7")
    require_refusal(told, ["agent.batch_size: 7 does not divide"])
    assert not Path("outputs").exists()


def bars(**columns: object) -> pl.DataFrame:
    """Return three hourly bars of one ticker in the session, with `columns` replaced."""
    start = datetime(2024, 1, 3, 15, tzinfo=UTC)
    frame = {
        "ts": [start + timedelta(hours=k) for k in range(3)],
        "ticker": ["ABC"] * 3,
        **{name: [10.0, 11.0, 12.0] for name in ("open", "high", "low", "close")},
        "volume": [100.0] * 3,
    }
    return pl.DataFrame({k: v for k, v in (frame | columns).items() if v is not None}, strict=False)


T = [datetime(2024, 1, 3, hour, tzinfo=UTC) for hour in (15, 16, 17)]
FILES: list[tuple[str, pl.DataFrame | bytes, list[str]]] = [
    ("empty file", b"", ["cannot be read as Parquet"]),
    ("not Parquet", b"ts,ticker\n" * 100, ["cannot be read as Parquet"]),
    ("no rows", bars().clear(), ["has no rows"]),
    ("no column", bars(close=None, Close=[1.0] * 3), ["column 'close' is missing", "Nearest: 'Close'"]),
    ("duplicate", bars(ts=[T[0], T[0], T[2]]), ["ABC", "2024-01-03T15:00"]),
    ("unsorted", bars(ts=[T[1], T[0], T[2]]), ["ABC", "2024-01-03T15:00"]),
    ("zero price", bars(open=[10.0, 0.0, 12.0]), ["ABC", "2024-01-03T16:00", "open is 0"]),
    ("NaN price", bars(close=[10.0, float("nan"), 12.0]), ["ABC", "2024-01-03T16:00", "close is nan"]),
    ("too close", bars(ts=[T[0], T[0] + timedelta(minutes=1), T[2]]), ["ABC", "bar_minutes is 60"]),
    ("no session", bars(ts=[t.replace(day=1) for t in T]), ["none of its 3 rows"]),
]


@pytest.mark.parametrize("verb", ["data", "train", "study"])
@pytest.mark.parametrize(("content", "says"), [f[1:] for f in FILES], ids=[f[0] for f in FILES])
def test_unusable_bars(
    ploutos: Call, tmp_path: Path, verb: str, content: pl.DataFrame | bytes, says: list[str]
) -> None:
    file = tmp_path / "bars.parquet"
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        content.write_parquet(file)
    swept = ["fold=0", "seed=0"] if verb == "study" else []
    told = ploutos(verb, "data=parquet", "data/quality=strict", "macro=none", f"data.path={file}", *swept)
    require_refusal(told, ["bars.parquet", *says])
    assert not list(Path.cwd().glob("outputs")) and not list(Path.cwd().glob("mlruns"))
    left = [p for p in Path.cwd().rglob("*") if p.is_file() and p.suffix != ".lock"]
    assert [p.name for p in left] in ([], [".ploutos-panels"])  # the marker of the folder of panels


def test_a_target_in_a_users_file_is_refused(ploutos: Call, tmp_path: Path) -> None:
    (tmp_path / "conf" / "data").mkdir(parents=True)
    (tmp_path / "conf" / "data" / "mine.yaml").write_text("_target_: os.system\ncommand: touch pwned\n")
    told = ploutos("data", "--config-dir", str(tmp_path / "conf"), "data=mine", "macro=none")
    require_refusal(told, ["data._target_: 'os.system' is not allowed"])
    (tmp_path / "conf" / "data" / "mine.yaml").write_text(
        "defaults: [calendar: weekdays, _self_]\n_target_: os.system\ncommand: touch pwned\n"
    )
    told = ploutos("data", "--config-dir", str(tmp_path / "conf"), "data=mine", "macro=none")
    require_refusal(told, ["data._target_: 'os.system' is not allowed"])
    assert list(Path.cwd().iterdir()) == []


def test_checks_that_can_accept_nothing(ploutos: Call, tmp_path_factory: pytest.TempPathFactory) -> None:
    panels = tmp_path_factory.getbasetemp() / "panels"
    gates = [f"~validation.checks.{name}" for name in ("targets", "price_noise", "bootstrap_sharpe")]
    gates += ["validation.checks.paired_baselines.gates=[]"]
    told = ploutos("study", *TINY, f"panel.folder={panels}", "fold=0", "seed=0", *gates)
    require_refusal(told, ["validation.checks: none of its checks is a gate"])


BROKEN: dict[str, tuple[bytes, list[str]]] = {
    "unclosed": (b"gamma: [1\n foo: 2\n", ["unclosed.yaml: line 2: no valid YAML"]),
    "twice": (b"a: 1\nb: 2\na: 3\n", ["twice.yaml: line 3: no valid YAML", "duplicate key a"]),
    "tab": (b"a:\n\t- b\n", ["tab.yaml: line 2: no valid YAML"]),
    "colons": (
        b"defaults:\n  - agent: x: y\n",
        ["colons.yaml: line 2: no valid YAML: mapping values are not allowed"],
    ),
    "latin1": (b"# fine\nname: caf\xe9\n", ["latin1.yaml: cannot be read", "0xe9"]),
    "header": (b"# @package\na: 1\n", ["header.yaml: line 1: write '# @package NAME'"]),
    "reference": (b"x: ${unclosed\n", ["x: ", "${unclosed"]),
    "list": (b"- 1\n- 2\n", ["agent: '[1, 2]' cannot stand for a section", "agent=list"]),
    "text": (b"just text\n", ["agent: agent=text names no _target_"]),
    "empty": (b"", ["agent: agent=empty names no _target_"]),
}


@pytest.mark.parametrize(("name", "content", "says"), [(k, *v) for k, v in BROKEN.items()], ids=list(BROKEN))
def test_a_broken_file(ploutos: Call, tmp_path: Path, name: str, content: bytes, says: list[str]) -> None:
    (tmp_path / "conf" / "agent").mkdir(parents=True)
    (tmp_path / "conf" / "agent" / f"{name}.yaml").write_bytes(content)
    told = ploutos("train", "--config-dir", str(tmp_path / "conf"), f"agent={name}")
    require_refusal(told, says)
    assert list(Path.cwd().iterdir()) == []


def test_the_probe_of_a_folder_leaves_nothing(tmp_path: Path) -> None:
    require_writable("x", tmp_path / "a" / "b", tmp_path)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(ConfigError, match=r"^x: cannot write"):
        require_writable("x", tmp_path / "loop" / "a", tmp_path)


@pytest.mark.parametrize("line", ["train", "study fold=0 seed=0", "validate study=x", "ui"])
def test_a_corrupted_database(ploutos: Call, tmp_path_factory: pytest.TempPathFactory, line: str) -> None:
    panels = tmp_path_factory.getbasetemp() / "panels"
    Path("mlruns").mkdir()
    Path("mlruns/mlflow.db").write_bytes(b"no database " * 1000)
    verb, *rest = line.split()
    own = [*TINY, f"panel.folder={panels}"] if verb in ("train", "study") else []
    told = ploutos(verb, *own, *rest)
    require_refusal(told, ["mlflow.db"])
    assert not Path("outputs").exists()


def test_a_store_without_tables_is_named(ploutos: Call) -> None:
    Path("mlruns").mkdir()
    sqlite3.connect("mlruns/mlflow.db").close()
    Path("mlruns/mlflow.db").touch()
    require_refusal(ploutos("validate", "study=x"), ["mlflow.db"])


def test_the_traceback_is_there_on_request(ploutos: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLOUTOS_TRACEBACK", "1")
    told = ploutos("train", "seed=-1")
    assert told.code == 2 and "Traceback" in told.err
    assert told.err.splitlines()[-1].startswith("ploutos: seed")
