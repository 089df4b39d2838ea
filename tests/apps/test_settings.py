"""Every boolean of every file, given what is no boolean: refused in one line, or read as it is meant."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commands import Call
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from ploutos.apps.conf_dir import conf_dir
from ploutos.apps.errors import USAGE, describe
from ploutos.apps.parts import build
from ploutos.apps.settings import SETTINGS, check_settings, flag
from ploutos.types import ConfigError

CONF = conf_dir()
VERBS = sorted(CONF.glob("*.yaml"))
# What a top-level setting that is no number and no boolean is checked by.
ELSEWHERE = {"panels", "address", "unused_days", "study", "host"}
BESIDE = {
    "data/csv": ["data=csv", "data.path=/dev/null"],
    "data/yfinance": ["data=yfinance", "data.tickers=[SPY]"],
    "data/alpaca": ["data=alpaca", "data.tickers=[SPY]"],
    "macro/yfinance": ["macro=yfinance"],
}
# Written on the command line, and what it can only mean; None: nothing.
TEXTS = [("no", False), ("yes", True), ("0", False), ("1", True), ("'false'", False), ("'True'", True)]
TEXTS += [("maybe", None), ("2", None), ("''", None), ("[true]", None), ("{a: 1}", None)]


def booleans(node: Any, path: str = "") -> Iterator[tuple[str, bool]]:
    """Yield (dotted key, value) of every boolean below `node`."""
    for key, value in node.items():
        where = f"{path}.{key}" if path else str(key)
        if isinstance(value, bool):
            yield where, value
        elif isinstance(value, dict):
            yield from booleans(value, where)


def found() -> list[tuple[str, str, bool]]:
    """Return (file, dotted key within it, value) of every boolean of the components' files."""
    cases = []
    for file in sorted(CONF.rglob("*.yaml")):
        if file not in VERBS and file.parent.name != "experiment":
            plain = OmegaConf.to_container(OmegaConf.load(file))
            assert isinstance(plain, dict)
            name = file.relative_to(CONF).with_suffix("").as_posix()
            cases += [(name, key, value) for key, value in booleans(plain)]
    return cases


def test_the_walk_sees_what_is_there() -> None:
    told = {(name, key) for name, key, _ in found()}
    assert {("execution/account/margin", "whole_shares"), ("data/yfinance", "cache.offline")} <= told
    assert ("ensemble/mean", "_partial_") in told


def state(made: object) -> dict[str, Any]:
    """Return what a component remembers, as text: objects inside it differ from one building to the next."""
    return {name: re.sub(r" at 0x[0-9a-f]+", "", repr(value)) for name, value in vars(made).items()}


@pytest.mark.parametrize(("name", "key", "shipped"), found(), ids=lambda value: str(value))
def test_every_boolean_of_a_component(name: str, key: str, shipped: bool) -> None:
    group, _, variant = name.rpartition("/")
    where = group.replace("/", ".")
    beside = BESIDE.get(name, [f"{group}={variant}"])
    with initialize_config_dir(str(CONF)):
        composed = compose("train", beside)
    values = OverridesParser.create()

    def node(text: str) -> DictConfig:
        """Return the component with the setting as the command line would read it."""
        config = composed.copy()
        OmegaConf.update(config, f"{where}.{key}", values.parse_override(f"x={text}").value(), merge=False)
        part = OmegaConf.select(config, where)
        assert isinstance(part, DictConfig)
        return part

    right = {meant: state(build(node(str(meant).lower()))) for meant in (True, False) if key != "_partial_"}
    for text, meant in TEXTS:
        try:
            made = build(node(text))
        except Exception as error:
            line, code = describe(error)
            assert code == USAGE and "\n" not in line, line
            assert key.split(".")[-1] in line, line
            continue
        assert meant is not None, f"{name}: {key}={text} was taken for {made}"
        assert state(made) == right[meant]


def test_every_setting_of_a_verb_has_a_type() -> None:
    for file in VERBS:
        plain = OmegaConf.to_container(OmegaConf.load(file))
        assert isinstance(plain, dict)
        scalars = {key for key, value in plain.items() if not isinstance(value, dict | list)}
        assert scalars <= SETTINGS.keys() | ELSEWHERE, f"{file.name}: {scalars}"
        for key, value in plain.items():
            if isinstance(value, bool):
                assert SETTINGS[key] is flag, f"{file.name}: {key} is a boolean that nothing checks"


@pytest.mark.parametrize("value", ["no", "off", 0, 1, "maybe", "false", "", None, [], 1.0])
def test_a_flag_that_is_none_is_refused(value: object) -> None:
    """None of these is a boolean, whatever Python makes of it."""
    for key in ("stack_seeds", "resume", "verify"):
        with pytest.raises(ConfigError, match=rf"^{key}: .* is neither true nor false; write {key}="):
            check_settings({key: value})


@pytest.mark.parametrize("line", ["train", "study fold=0 seed=0", "audit", "data"])
def test_every_verb_refuses_it(ploutos: Call, line: str) -> None:
    told = ploutos(*line.split(), "resume=no")
    assert (told.code, told.out) == (2, "")
    assert told.err == "ploutos: resume: 'no' is neither true nor false; write resume=false\n"
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize("panels", ["report", "list"])
def test_a_flag_is_checked_for_every_task(ploutos: Call, panels: str) -> None:
    told = ploutos("data", f"panels={panels}", "verify=no")
    assert told.code == 2 and "verify: 'no' is neither true nor false; write verify=false" in told.err


@pytest.mark.parametrize(
    ("text", "meant"), [("no", "false"), ("OFF", "false"), ("0", "false"), ("Yes", "true")]
)
def test_the_nearest_right_value_is_named(text: str, meant: str) -> None:
    with pytest.raises(ConfigError, match=rf"x: '{text}' is neither true nor false; write x={meant}$"):
        flag("x", text)


@pytest.mark.parametrize("value", [True, False])
def test_a_flag_is_accepted(value: bool) -> None:
    flag("x", value)
    run = {"agent": {}, "name": "a", "fold": 0, "seed": 0, "stack_seeds": False}
    check_settings(run | {"resume": value})


@pytest.mark.parametrize("key", ["name", "resume"])
def test_a_run_lacks_no_setting(ploutos: Call, key: str) -> None:
    told = ploutos("train", f"~{key}")
    assert told.code == 2 and told.err == f"ploutos: {key}: missing from the config; set it with {key}=...\n"
