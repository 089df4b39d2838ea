"""What a later judgement is told to have asked less, worked out by hand."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ploutos.validation.bootstrap_sharpe import BootstrapSharpe
from ploutos.validation.differences import Asked, Differences, differences
from ploutos.validation.paired_baselines import PairedBaselines
from ploutos.validation.price_noise import PriceNoise
from ploutos.validation.targets import Targets

SETTINGS = {
    "targets": {"_target_": "x.Targets", "min_sharpe": 2.0, "max_drawdown_pct": 15.0, "min_years": 3},
    "noise": {"_target_": "x.PriceNoise", "noise": 0.001, "max_losing_share": 0.05, "paths": 100, "seed": 1},
}
GATES = {"target_sharpe": True, "target_years": True, "noise": True, "beats_momentum": False}
STRICTER = {"targets": Targets.harder_when, "noise": PriceNoise.harder_when}


def changed(*, without=(), gates=None, **values):
    settings = {rule: dict(keys) for rule, keys in SETTINGS.items() if rule not in without}
    for path, value in values.items():
        rule, key = path.split("__")
        settings[rule][key] = value
    return Asked(settings=settings, gates=GATES if gates is None else gates)


FIRST = changed()


@pytest.mark.parametrize(
    ("now", "kind", "told"),
    [
        (changed(targets__min_sharpe=1.0), "softer", "targets.min_sharpe 2.0 -> 1.0"),
        (changed(targets__min_sharpe=2.5), "harder", "targets.min_sharpe 2.0 -> 2.5"),
        (changed(targets__max_drawdown_pct=90), "softer", "targets.max_drawdown_pct 15.0 -> 90"),
        (changed(targets__max_drawdown_pct=1), "harder", "targets.max_drawdown_pct 15.0 -> 1"),
        (changed(noise__noise=1e-9), "softer", "noise.noise 0.001 -> 1e-09"),
        (changed(noise__max_losing_share=1.0), "softer", "noise.max_losing_share 0.05 -> 1.0"),
        (changed(noise__seed=7), "changed", "noise.seed 1 -> 7"),
        (changed(noise__paths=1), "changed", "noise.paths 100 -> 1"),
        (changed(noise___target_="mine.Noise"), "changed", "noise._target_ x.PriceNoise -> mine.Noise"),
        (changed(gates=GATES | {"noise": False}), "softer", "noise informs only"),
        (changed(gates=GATES | {"beats_momentum": True}), "harder", "beats_momentum is a gate"),
        (changed(gates=GATES | {"new": False}), "added", "new"),
        (changed(gates={k: v for k, v in GATES.items() if k != "noise"}), "removed", "noise"),
        (changed(without=["noise"]), "removed", "noise"),
        (changed(targets__new_setting=3), "changed", "targets.new_setting None -> 3"),
        (changed(targets__min_years=True), "changed", "targets.min_years 3 -> True"),
    ],
)
def test_each_kind_is_named(now, kind, told):
    found = differences(FIRST, now, STRICTER)
    assert found.as_dict() == {
        name: [told] if name == kind else [] for name in ("removed", "softer", "changed", "harder", "added")
    }
    assert f"{kind} {told}" == found.told() and json.dumps(found.as_dict())


def test_the_same_checks_are_no_difference():
    assert not differences(FIRST, changed(), STRICTER)
    assert not differences(FIRST, changed(targets__max_drawdown_pct=15), STRICTER)  # 15 and 15.0


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (Differences(removed=("a",)), "fewer checks"),
        (Differences(softer=("a",), harder=("b",)), "softer checks"),
        (Differences(removed=("a",), softer=("a",), added=("c",)), "fewer and softer checks"),
        (Differences(changed=("a",), added=("b",)), "other checks"),
        (Differences(harder=("a",)), "harder checks"),
        (Differences(added=("a",)), "more checks"),
    ],
)
def test_the_worst_difference_gives_the_name(found, kind):
    assert found.kind() == kind


numbers = st.floats(-1e6, 1e6) | st.integers(-1000, 1000)


@given(old=numbers, new=numbers, larger=st.booleans())
def test_a_change_and_its_reverse_are_opposites(old, new, larger):
    """A setting is softer one way exactly where it is harder the other way, and nothing where it is equal."""
    stricter = {"r": {"x": "larger" if larger else "smaller"}}
    one, two = (Asked(settings={"r": {"x": value}}, gates={}) for value in (old, new))
    there, back = differences(one, two, stricter), differences(two, one, stricter)
    assert (len(there.softer), len(there.harder)) == (len(back.harder), len(back.softer))
    assert len(there.softer) == int((new < old) if larger else (new > old)) and not there.changed


def test_what_rules_call_harder_are_settings_of_theirs():
    for rule in (Targets, PriceNoise, BootstrapSharpe, PairedBaselines):
        names = set(rule.__init__.__annotations__) | set(rule.__init__.__wrapped__.__annotations__)
        assert set(rule.harder_when) <= names and set(rule.harder_when.values()) <= {"larger", "smaller"}
