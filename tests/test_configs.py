"""Every file under conf/: composed, instantiated, named after its class, explained, and safe."""

import inspect
import re
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import get_class
from omegaconf import DictConfig, OmegaConf

from ploutos.apps.conf_dir import conf_dir
from ploutos.apps.errors import USAGE, describe
from ploutos.apps.parts import build, build_parts, resolved
from ploutos.apps.study_context import sweep_jobs
from ploutos.types import ConfigError

CONF = conf_dir()
FILES = sorted(CONF.rglob("*.yaml"))
PRIMARY = sorted(CONF.glob("*.yaml"))
EXPERIMENTS = sorted((CONF / "experiment").glob("*.yaml"))
LAUNCHERS = sorted((CONF / "hydra").rglob("*.yaml"))  # tests/apps/test_launchers.py
COMPONENTS = [f for f in FILES if f not in (*PRIMARY, *EXPERIMENTS, *LAUNCHERS)]

# What an option needs beside it; {file} is a file that exists.
PARQUET = ["data=parquet", "data.path={file}"]
BESIDE = {
    "data/parquet": PARQUET[1:],
    "data/csv": PARQUET[1:],
    "data/actions/adjusted": PARQUET,
    "data/actions/columns": PARQUET,
    "data/actions/lean_factors": [*PARQUET, "data.actions.path={file}"],
    "data/quality/standard": PARQUET,
    "data/quality/strict": PARQUET,
    "macro/parquet": PARQUET,
    "data/yfinance": ["data.tickers=[SPY]"],
    "data/alpaca": ["data.tickers=[SPY]"],
    **{
        f"agent/utility/{name}": ["agent=direct_policy_gradient"]
        for name in ("log_return", "sharpe", "drawdown_penalised")
    },
    **{f"data/alpha/{p.stem}": ["data=planted"] for p in (CONF / "data" / "alpha").glob("*.yaml")},
}
PACKAGE_OF = {
    "data/actions": "data/corporate",
    "data/calendar": "data/calendars",
    "validation/check": "validation",
    "checkpoints": "agent/training",
}  # a component that lives in the package of its group's users
# These files, or those of these groups, are settings of one class.
PRESETS_OF = {
    "data/quality": "quality",
    "data/alpha/crowded": "linear",
    "validation": "suite",
    **dict.fromkeys(
        [f"features/{name}" for name in ("technical", "cross_sectional", "signals")]
        + [f"features/expert_{name}" for name in ("momentum", "reversion", "volatility")],
        "selection",
    ),
}
META = {"_target_", "_partial_", "_convert_", "_recursive_", "defaults"}


def name_of(path):
    return path.relative_to(CONF).with_suffix("").as_posix()


def by_file(paths):
    return {"argvalues": paths, "ids": name_of}


@pytest.fixture(autouse=True)
def hydra_here():
    with initialize_config_dir(str(CONF)):
        yield


@pytest.fixture
def a_file(tmp_path):
    path = tmp_path / "some.parquet"
    path.touch()
    return str(path)


def composed(option: Path, a_file: str) -> DictConfig:
    """Return the node of one option, composed into `train` by the override that a user would write."""
    group, name = option.parent.relative_to(CONF).as_posix(), option.stem
    beside = [text.format(file=a_file) for text in BESIDE.get(name_of(option), [])]
    if group == "validation/check":
        config = compose("train", [f"+{group}@validation.checks.tested={name}"])
        return config.validation.checks.tested
    return OmegaConf.select(compose("train", [*beside, f"{group}={name}"]), group.replace("/", "."))


def components_of(config, path=""):
    """Yield (path, node) of the outermost instantiable nodes."""
    for key in config:
        node = None if OmegaConf.is_missing(config, key) else config[key]
        if isinstance(node, DictConfig) and key != "hydra":
            where = f"{path}.{key}" if path else str(key)
            if "_target_" in node:
                yield where, node
            else:
                yield from components_of(node, where)


@pytest.mark.parametrize("path", **by_file(PRIMARY))
def test_every_primary_config_composes_and_instantiates(path):
    found = dict(components_of(compose(path.stem)))
    for node in found.values():
        build(node)
    if path.stem in ("train", "study"):
        assert {"data", "agent", "env", "execution.costs", "baselines.equal_weight"} <= set(found)


@pytest.mark.parametrize("path", **by_file(COMPONENTS))
def test_every_option_composes_and_instantiates(path, a_file):
    node = composed(path, a_file)
    assert node is not None, "the override did not arrive where the group says"
    made = build(node)
    assert made is not None
    if not OmegaConf.is_missing(node, "_partial_") and not node.get("_partial_"):
        assert type(made) is get_class(node._target_)


@pytest.mark.parametrize("path", **by_file(COMPONENTS))
def test_group_is_package_and_file_is_class(path):
    target = OmegaConf.load(path)._target_
    package, module, cls = target.rsplit(".", 2)
    group = path.parent.relative_to(CONF).as_posix()
    assert package == "ploutos." + PACKAGE_OF.get(group, group).replace("/", ".")
    assert module == re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", cls).lower()
    own = f"no_{path.parent.name}" if path.stem == "none" else path.stem  # the empty variant
    assert module == PRESETS_OF.get(name_of(path), PRESETS_OF.get(group, own))


@pytest.mark.parametrize("path", **by_file(COMPONENTS))
def test_constructor_and_file_name_the_same_settings(path, a_file):
    node = composed(path, a_file)
    signature = inspect.signature(get_class(node._target_).__init__)
    arguments = {
        name: p for name, p in signature.parameters.items() if name not in ("self", "args", "kwargs")
    }
    settings = {str(key) for key in node} - META
    assert settings <= set(arguments), f"no argument for {settings - set(arguments)}"
    if node.get("_partial_"):
        return
    assert set(arguments) == settings, f"not in the file: {set(arguments) - settings}"
    for name, parameter in arguments.items():
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY, name
        assert parameter.default is inspect.Parameter.empty, f"{name}: values live in YAML only"
        assert parameter.annotation is not inspect.Parameter.empty, name


def keys_without_comment(text):
    """Yield (line number, key) of settings that no comment explains; once explained in a file is enough."""
    explained, inside_defaults = set(), False
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"\S", line):
            inside_defaults = line.startswith("defaults:")
        found = re.match(r"\s*([a-z]\w*):\s+(\S.*)", line)
        if inside_defaults or not found or found.group(1) in explained:
            continue
        if re.search(r"(^|\s)# \S", found.group(2)):
            explained.add(found.group(1))
        elif not found.group(2).startswith("#"):
            yield number, found.group(1)


@pytest.mark.parametrize("path", **by_file(COMPONENTS))
def test_every_setting_carries_its_unit_or_constraint(path):
    assert list(keys_without_comment(path.read_text())) == []


def test_a_setting_without_a_comment_is_found():
    text = "defaults:\n  - a: b\n\n_target_: x.Y\none: 1  # metres\ntwo: 2\ngroup:\n  one: 3\n  three: '#4'\n"
    assert list(keys_without_comment(text)) == [(6, "two"), (9, "three")]


@pytest.mark.parametrize("path", **by_file(EXPERIMENTS))
def test_an_experiment_starts_with_its_launch_command(path):
    package, command, *rest = path.read_text().splitlines()
    assert package == "# @package _global_"
    assert re.match(rf"# ploutos (study|train) experiment={path.stem}( |$)", command)
    settings = OmegaConf.create("\n".join(rest))
    assert OmegaConf.select(settings, "hydra.mode") is None


@pytest.mark.parametrize("path", **by_file(EXPERIMENTS))
def test_every_experiment_dry_runs(path, a_file):
    """What `ploutos study experiment=NAME --cfg job` does, and each of its jobs."""
    command = path.read_text().splitlines()[1]
    overrides = [f"experiment={path.stem}"]
    overrides += [f"{key}={a_file}" for key in re.findall(r"(\S+)=<[^>]+>", command)]
    config = compose("study", overrides, return_hydra_config=True)
    assert str(config.hydra.mode) == "RunMode.MULTIRUN"
    OmegaConf.set_readonly(config.hydra, False)
    jobs = sweep_jobs(config)
    assert len(jobs) > 1
    for job in jobs:
        one = compose("study", overrides + job)
        resolved(one)
        assert 0 <= one.fold < one.split.n_folds and one.seed >= 0
    parts = build_parts(one)
    rollout = parts.agent.settings["n_steps"] * parts.environment.num_envs
    assert rollout % parts.agent.settings["batch_size"] == 0
    parts.ensemble.func.check(parts.environment.action, casts_votes=parts.agent.casts_votes)
    build(one.validation), build(one.report)


ATTACKS = [
    ("os.system", ["touch {mark}"]),
    ("builtins.eval", ["open('{mark}', 'w')"]),
    ("builtins.exec", ["open('{mark}', 'w')"]),
    ("subprocess.run", [["touch", "{mark}"]]),
    ("subprocess.check_output", [["touch", "{mark}"]]),
    ("pathlib.Path.touch", ["{mark}"]),
    ("ploutos.apps.guard.os.system", ["touch {mark}"]),
    ("ploutos.apps.guard.subprocess.run", [["touch", "{mark}"]]),
    ("ploutos.apps.main.import_module", ["antigravity"]),
]


def armed(target, arguments, mark):
    text = [
        [w.format(mark=mark) for w in a] if isinstance(a, list) else a.format(mark=mark) for a in arguments
    ]
    return {"_target_": target, "_args_": text}


@pytest.mark.parametrize(("target", "arguments"), ATTACKS, ids=[t for t, _ in ATTACKS])
@pytest.mark.parametrize("nested", [False, True])
def test_a_config_cannot_run_what_is_not_ploutos(target, arguments, nested, tmp_path):
    mark = tmp_path / "executed"
    attack = armed(target, arguments, mark)
    if nested:
        attack = {"_target_": "ploutos.env.reward.log_return.LogReturn", "scale": attack}
    with pytest.raises(ConfigError, match="is not allowed") as refused:
        build(OmegaConf.create(attack), at="env.reward")
    assert not mark.exists()
    line, code = describe(refused.value)
    assert code == USAGE and "\n" not in line and target.rpartition(".")[2] in line


def test_neither_can_an_override_on_the_command_line():
    config = compose("train", ["agent._target_=os.system"])
    with pytest.raises(Exception, match=r"os\.system"):
        build_parts(config)


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("agent.learning_rate=-1", "agent.learning_rate"),
        ("agent.n_steps=many", "agent.n_steps"),
        ("env.episode_bars=1", "env.episode_bars"),
        ("execution.costs.cost_bps=10001", "cost_bps"),
        ("+env.action.lots=3", "env.action.lots"),
        ("backtest.capital=0", "backtest.capital"),
    ],
)
def test_a_bad_value_is_one_line_that_names_its_key(override, told):
    config = compose("train", [override])
    with pytest.raises(Exception) as refused:
        build_parts(config)
    line, code = describe(refused.value)
    assert code == USAGE and told in line and "\n" not in line
