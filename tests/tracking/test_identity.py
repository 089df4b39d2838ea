"""What makes two runs the same run, and what does not."""

import copy

import pytest
from hydra import compose, initialize_config_dir

from ploutos.apps.conf_dir import conf_dir
from ploutos.apps.parts import resolved
from ploutos.tracking.identity import child_key, study_key


@pytest.fixture(scope="module")
def config():
    with initialize_config_dir(str(conf_dir())):
        return resolved(compose("train"))


def changed(config, path, value):
    other = copy.deepcopy(config)
    *where, last = path.split(".")
    node = other
    for key in where:
        node = node[key]
    assert last in node and node[last] != value
    node[last] = value
    return other


def key(config, panel="p", sources="s"):
    return child_key(config, panel=panel, sources=sources)


MATTERS = [
    ("fold", 1),
    ("seed", 1),
    ("agent.learning_rate", 0.002),
    ("agent.network.clip", 4.0),
    ("agent._target_", "ploutos.agent.equal_weight.EqualWeight"),
    ("env.episode_bars", 255),
    ("env.action.lot_weight", 0.2),
    ("env.reward.scale", 1.0),
    ("execution.costs.cost_bps", 6.0),
    ("split.test_months", 11),
    ("split.embargo_bars", 7),
    ("regime._target_", "ploutos.regime.hmm.Hmm"),
    ("backtest.capital", 5.0),
    ("hardware.threads_per_job", 2),
    ("agent.schedule._target_", "ploutos.agent.schedule.constant.Constant"),
    ("agent.stopping._target_", "ploutos.agent.stopping.validation.Validation"),
]
DOES_NOT = [
    ("name", "other"),
    ("validation.checks.targets.min_sharpe", 0.1),
    ("report.curve_points", 7),
    ("tracking.folder", "/elsewhere"),
    ("tracking.experiment", "other"),
    ("panel.folder", "/elsewhere"),
    ("hardware.workers", 3),
    ("resume", False),
    ("checkpoints.folder", "/elsewhere"),
    ("checkpoints.every_seconds", 0),
    ("ensemble._target_", "ploutos.ensemble.mean.Mean"),
    ("baselines.momentum_rule.top", 1),
]


@pytest.mark.parametrize(("path", "value"), MATTERS, ids=[p for p, _ in MATTERS])
def test_what_changes_the_result_changes_the_key(config, path, value):
    assert key(changed(config, path, value)) != key(config)


@pytest.mark.parametrize(("path", "value"), DOES_NOT, ids=[p for p, _ in DOES_NOT])
def test_what_cannot_change_the_result_leaves_the_key(config, path, value):
    assert key(changed(config, path, value)) == key(config)


def test_the_seeds_that_are_trained_together_are_part_of_the_key(config):
    groups = [None, (0,), (0, 1), (0, 1, 2)]
    assert len({child_key(config, panel="p", sources="s", together=group) for group in groups}) == 4


def test_panel_and_sources_are_part_of_the_key(config):
    assert len({key(config), key(config, panel="q"), key(config, sources="t")}) == 3


def reversed_keys(value):
    if isinstance(value, dict):
        return {k: reversed_keys(v) for k, v in reversed(value.items())}
    return value


def test_the_order_of_keys_does_not_matter(config):
    assert list(reversed_keys(config)) != list(config)
    assert key(reversed_keys(config)) == key(config)
    assert study_key(reversed_keys(config), ["a", "b"]) == study_key(config, ["b", "a"])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", "other"),
        ("ensemble._target_", "ploutos.ensemble.mean.Mean"),
        ("baselines.momentum_rule.top", 1),
    ],
)
def test_a_study_is_its_name_children_council_and_baselines(config, path, value):
    same = study_key(config, ["a", "b"])
    assert study_key(changed(config, path, value), ["a", "b"]) != same
    assert study_key(config, ["a", "c"]) != same and study_key(config, ["a"]) != same


@pytest.mark.parametrize(
    ("path", "value"),
    [("validation.checks.targets.min_sharpe", 0.1), ("report.curve_points", 7), ("tracking.folder", "/x")],
)
def test_judging_a_study_otherwise_leaves_it_the_same_study(config, path, value):
    assert study_key(changed(config, path, value), ["a"]) == study_key(config, ["a"])
