"""Only components pass, each in places of its own group; a user's own class by what it can do."""

import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest
from omegaconf import OmegaConf

import ploutos
from ploutos.apps.safety.components import Named, _admit, build, check_all
from ploutos.apps.safety.contracts import BASES, wanted
from ploutos.apps.safety.places import borrowed, canonical, shipped
from ploutos.types import ConfigError


def callables():
    """Return every public function, class and method of the package by its dotted name."""
    found = {}
    for module in pkgutil.walk_packages(ploutos.__path__, "ploutos."):
        content = vars(importlib.import_module(module.name))
        for name, value in content.items():
            if callable(value) and not name.startswith("_"):
                found[f"{module.name}.{name}"] = value
                if inspect.isclass(value):
                    methods = (m for m in vars(value) if not m.startswith("_"))
                    found |= {f"{module.name}.{name}.{m}": None for m in methods}
    return found


def admitted(place, target):
    try:
        _admit(Named(place, ".".join(place), target, owned=False))
    except ConfigError:
        return False
    return True


def test_of_all_callables_only_components_pass_and_only_in_their_places(monkeypatch):
    monkeypatch.delenv("PLOUTOS_TRUST", raising=False)
    every = callables()
    assert len(every) > 1500
    components = frozenset().union(*shipped().values())
    assert components <= set(every)
    for target in components:
        cls = every[target]
        assert inspect.isclass(cls) and cls.__module__ == target.rpartition(".")[0], target
        assert not target.startswith("ploutos.apps."), target
    places = sorted(shipped())
    for place in places:
        assert {target for target in components if admitted(place, target)} == shipped()[place], place
    others = sorted(set(every) - components)
    for k, target in enumerate(others):  # each at one place, in turn: what is no component has no group
        assert not admitted(places[k % len(places)], target), target


def test_every_shipped_component_fulfils_its_groups_contract():
    for place in BASES:
        assert place in shipped(), f"no such group: {place}"
    for place, targets in shipped().items():
        for target in targets:
            module, _, name = target.rpartition(".")
            cls = getattr(importlib.import_module(module), name)
            missing = [m for m in wanted(place) if not any(m in vars(base) for base in cls.__mro__)]
            assert not missing, (target, missing)


def test_groups_can_be_told_apart():
    """What one group asks for is not fulfilled by chance by the components of another."""
    for place in (("agent",), ("data",), ("macro",), ("universe",), ("features",), ("validation", "check")):
        assert wanted(place), place


@pytest.mark.parametrize(
    ("place", "group"),
    [
        (("baselines", "mine"), ("agent",)),
        (("baselines", "mine", "network"), ("agent", "network")),
        (("validation", "checks", "mine"), ("validation", "check")),
        (("env", "costs"), ("execution", "costs")),
        (("execution", "costs", "default"), ("execution", "costs")),
        (("agent", "source", "calendar"), ("data", "calendar")),
        (("data", "quality", "gap"), ("data", "quality", "gap")),
        (("nothing", "here"), ("nothing", "here")),
    ],
)
def test_a_place_is_looked_up_in_its_group(place, group):
    assert canonical(place) == group


def test_references_of_the_shipped_files_are_borrowed_places():
    assert borrowed()[("env", "stops")] == ("execution", "stops")


def package(folder: Path, monkeypatch, text: str) -> None:
    (folder / "my_own").mkdir()
    (folder / "my_own" / "__init__.py").write_text("")
    (folder / "my_own" / "parts.py").write_text(text)
    monkeypatch.syspath_prepend(folder)
    for name in [n for n in importlib.sys.modules if n.partition(".")[0] == "my_own"]:
        importlib.sys.modules.pop(name)


OWN = """
import subprocess
from subprocess import Popen
from ploutos.agent.rule import Rule

class Good(Rule):
    def targets(self, layout, observation, decision): ...

class Empty: ...

class Wrapper(Rule):
    def __init__(self, *, inner, tool): self.inner, self.tool = inner, tool
    def targets(self, layout, observation, decision): ...

def function(): raise SystemExit("ran")
"""


@pytest.mark.parametrize(
    ("node", "says"),
    [
        ({"baselines": {"a": {"_target_": "my_own.parts.Good"}}}, None),
        ({"data": {"_target_": "my_own.parts.Good"}}, "no component of 'data': it has no fingerprint"),
        (
            {"agent": {"_target_": "my_own.parts.Empty"}},
            "'agent': it has no check, fit, load",
        ),
        ({"agent": {"_target_": "my_own.parts.function"}}, "cannot be found"),
        ({"agent": {"_target_": "my_own.parts.Popen"}}, "it comes from subprocess"),
        ({"agent": {"_target_": "my_own.parts.subprocess.Popen"}}, "it comes from subprocess"),
        ({"agent": {"_target_": "my_own.parts.Goood"}}, "cannot be found"),
        ({"agent": {"_target_": "my_other.parts.Good"}}, "is not allowed"),
        ({"agent": {"_target_": "my_own_but_not.parts.Good"}}, "is not allowed"),
        (
            {
                "agent": {
                    "_target_": "my_own.parts.Wrapper",
                    "inner": {"_target_": "ploutos.agent.buy_and_hold.BuyAndHold"},
                    "tool": {"_target_": "my_own.parts.Empty"},
                }
            },
            None,
        ),
        (
            {"agent": {"_target_": "my_own.parts.Wrapper", "inner": {"_target_": "os.system"}, "tool": 1}},
            "agent.inner._target_: 'os.system' is not allowed",
        ),
        (
            {"agent": {"_target_": "my_own.parts.Wrapper", "tool": {"_target_": "my_own.parts.Popen"}}},
            "it comes from subprocess",
        ),
        ({"mine": {"_target_": "my_own.parts.Good"}}, "no component stands at 'mine'"),
    ],
)
def test_a_users_own_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, node, says):
    package(tmp_path, monkeypatch, OWN)
    config = OmegaConf.create(node)
    with pytest.raises(ConfigError, match="is not allowed"):
        monkeypatch.delenv("PLOUTOS_TRUST", raising=False)
        check_all(config)
    monkeypatch.setenv("PLOUTOS_TRUST", "my_own")
    if says is None:
        check_all(config)
        return
    with pytest.raises(ConfigError) as refused:
        check_all(config)
    assert says in str(refused.value)


@pytest.mark.parametrize("value", [Path("x"), b"x"])
def test_values_that_only_a_tag_makes_are_refused(value):
    config = OmegaConf.create({"panel": {"folder": value}})
    with pytest.raises(ConfigError, match=r"panel\.folder: a \w+ is no plain value"):
        check_all(config)


def test_a_key_with_a_dot_is_no_other_place():
    node = {"_target_": "ploutos.agent.network.flat_mlp.FlatMlp"}
    with pytest.raises(ConfigError, match="is not allowed"):
        check_all(OmegaConf.create({"baselines": {"a.network": node}}))


def test_build_is_given_a_place_or_refuses():
    node = OmegaConf.create({"_target_": "ploutos.agent.buy_and_hold.BuyAndHold"})
    assert type(build(node, at="agent")).__name__ == "BuyAndHold"
    for place in ("", "data", "agent.network"):
        with pytest.raises(ConfigError, match="is not allowed"):
            build(node, at=place)
