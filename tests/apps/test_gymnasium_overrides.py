"""The config behind `Ploutos-v0`: refusals in one line, folders of one's own, Hydra programs as callers."""

import gymnasium
import pytest
from gym_workplace import ID, MARKET
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from ploutos.apps import search_path
from ploutos.apps.conf_dir import conf_dir
from ploutos.apps.environments import make
from ploutos.types import ConfigError

pytestmark = pytest.mark.usefixtures("inside")


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["env.episode_bar=9"], "env.episode_bar: no such key. Nearest: 'env.episode_bars'."),
        (["env/action=discret"], "env/action: no 'discret'. Nearest: 'discrete'. Available: "),
        (["env.action.lot_weight=3"], "env.action.lot_weight: Input should be less than or equal to 1 "),
        (["fold=2"], "fold: 2 is outside the split's folds 0..1"),
        (["fold=-1"], "fold: -1 is not a whole number >= 0"),
        (["fold"], "'fold' is not an override: write key=value"),
        (["env.episode_bars=90000"], "env.episode_bars: 90000 does not fit the training window of "),
        (["env.action._target_=os.system"], "env.action._target_: 'os.system' is not allowed; "),
        (["panel.folder=/proc/nowhere"], "panel.folder: cannot write '/proc/nowhere"),
        ("fold=1", "overrides: 'fold=1' is not a list of texts"),
    ],
)  # fmt: skip
def test_a_wrong_override_ends_in_the_line_of_the_command_line(overrides, told):
    given = overrides if isinstance(overrides, str) else [*MARKET, *overrides]
    for made in (
        lambda: gymnasium.make(ID, overrides=given),
        lambda: gymnasium.make_vec(ID, overrides=given),
    ):
        with pytest.raises(ConfigError) as refused:
            made()
        assert str(refused.value).startswith(told) and "\n" not in str(refused.value)


def test_other_arguments_are_checked_as_well(inside):
    with pytest.raises(ConfigError, match=r"window: unknown value 'tset'. Nearest: 'test'"):
        make(overrides=MARKET, window="tset")
    with pytest.raises(ConfigError, match=r"window: fold 0 has no validation window"):
        make(overrides=[*MARKET, "split.validation_months=0"], window="validation")
    with pytest.raises(ConfigError, match=r"--config-dir: there is no folder 'nowhere'"):
        make(overrides=MARKET, config_dir="nowhere")
    with pytest.raises(TypeError, match="unexpected keyword argument 'windw'"):
        gymnasium.make(ID, overrides=MARKET, windw="test")


def test_agents_that_would_refuse_the_action_space_are_not_asked():
    """Majority votes need discrete actions; an algorithm of one's own does not."""
    assert make(overrides=[*MARKET, "env/action=target_weights"]).action_space.shape == (5,)


def test_a_folder_of_ones_own_is_searched_first(tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "short.yaml").write_text("# @package _global_\nenv:\n  episode_bars: 7\n")
    env = make(overrides=[*MARKET[:-1], "experiment=short"], config_dir=str(tmp_path))
    assert env.batch.bars == 7
    assert search_path.folder is None
    with pytest.raises(ConfigError, match="experiment: no 'short'"):
        make(overrides=[*MARKET, "experiment=short"])


@pytest.mark.parametrize("overrides", [MARKET, ["env.nope=1"]])
def test_hydra_is_left_as_it_was_found(overrides):
    """Also where the caller is a Hydra program in the middle of its run."""

    def attempt():
        try:
            make(overrides=overrides)
        except ConfigError:
            assert overrides is not MARKET

    attempt()
    assert not GlobalHydra.instance().is_initialized()
    with initialize_config_dir(str(conf_dir())):
        before = GlobalHydra.instance(), GlobalHydra.instance().hydra
        attempt()
        assert (GlobalHydra.instance(), GlobalHydra.instance().hydra) == before
        assert compose("train", overrides=["fold=1"]).fold == 1
