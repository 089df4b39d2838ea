"""The jobs of a multirun, known before Hydra launches them."""

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf, read_write

from ploutos.apps.safety import machinery


def expand(config: DictConfig) -> tuple[list[list[str]], set[str]]:
    """Return the overrides of every job of the grid that `config` describes, and the keys that it sweeps."""
    parameters = OmegaConf.to_container(config.hydra.sweeper.get("params") or OmegaConf.create({}))
    assert isinstance(parameters, dict)
    lines = [f"{key!s}={value!s}" for key, value in parameters.items()] + list(config.hydra.overrides.task)
    parsed = OverridesParser.create().parse_overrides(lines)
    swept = {o.get_key_element() for o in parsed if o.is_sweep_override()}
    return BasicSweeper.split_arguments(parsed, None)[0], swept


def keep_deletions(config: DictConfig) -> None:
    """Let `~key` reach the jobs of a multirun: Hydra's sweeper hands on `~key=null`, which deletes nothing.

    Called before the sweeper exists. What stands in `hydra.overrides.hydra` goes to every job as it is.
    """
    overrides = config.hydra.overrides
    gone = [word for word in overrides.task if word.startswith("~")]
    if gone:
        with read_write(overrides):
            overrides.task = [word for word in overrides.task if word not in gone]
            overrides.hydra = [*overrides.hydra, *gone]


def task_overrides(config: DictConfig) -> list[str]:
    """Return what was written on the command line but for settings of Hydra itself."""
    overrides = config.hydra.overrides
    return [*overrides.task, *(word for word in overrides.hydra if word.startswith("~"))]


def compose_job(config: DictConfig, overrides: list[str]) -> DictConfig:
    """Return the config of one job as Hydra's launchers compose it; its part `hydra` is checked."""
    job = GlobalHydra.instance().config_loader().load_sweep_config(config, list(overrides))
    machinery.check(job)
    return job
