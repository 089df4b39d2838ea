"""Hydra's own part of a config: what it may start, open and set."""

from argparse import Namespace
from typing import Any

from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from ploutos.apps.conf_dir import conf_dir
from ploutos.types import ConfigError, nearest

LAUNCHERS = (
    "hydra._internal.core_plugins.basic_launcher.BasicLauncher",
    "hydra_plugins.hydra_joblib_launcher.joblib_launcher.JoblibLauncher",
)
SWEEPERS = ("hydra._internal.core_plugins.basic_sweeper.BasicSweeper",)
CALLBACKS = {
    "before_run": "ploutos.apps.before_run.BeforeRun",
    "study": "ploutos.apps.study_callback.StudyCallback",
}
# All that Hydra itself may instantiate; Ploutos' own components go through `components.build`.
MACHINERY = (*LAUNCHERS, *SWEEPERS, *CALLBACKS.values())
NO_LOGGING = {"version": 1, "root": None, "disable_existing_loggers": False}


def check_command(verb: str, flags: Namespace) -> None:
    """Compose Hydra's part as the command would and check it, before Hydra opens or starts anything."""
    if flags.cfg or flags.info or flags.help or flags.hydra_help or flags.shell_completion:
        return  # these print and start nothing
    with initialize_config_dir(str(conf_dir())):
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None
        config = hydra.compose_config(
            config_name=flags.config_name or verb,
            overrides=flags.overrides,
            run_mode=RunMode.MULTIRUN,
            validate_sweep_overrides=False,
        )
    check(config)
    for name in ("before_run", *(["study"] if verb == "study" else [])):
        if name not in (config.hydra.callbacks or {}):
            raise ConfigError(f"hydra.callbacks.{name}: missing; it checks each job before it starts")


def check(config: DictConfig) -> None:
    """Refuse a config whose part `hydra` does more than compose, launch and name folders."""
    hydra = config.hydra
    for key, allowed in (("launcher", LAUNCHERS), ("sweeper", SWEEPERS)):
        target = _literal(OmegaConf.select(hydra, f"{key}._target_"), f"hydra.{key}._target_")
        if target not in allowed:
            raise ConfigError(
                f"hydra.{key}._target_: '{target}' is not allowed; nearest: '{nearest(target, allowed)}'"
            )
    for name, node in (hydra.callbacks or {}).items():
        key = f"hydra.callbacks.{name}"
        plain = OmegaConf.to_container(node, resolve=False) if OmegaConf.is_config(node) else node
        if name not in CALLBACKS or plain != {"_target_": CALLBACKS[str(name)]}:
            named = plain.get("_target_") if isinstance(plain, dict) else plain
            raise ConfigError(f"{key}._target_: '{named}' is not allowed; a config adds no callbacks")
    for key in ("hydra_logging", "job_logging"):
        if OmegaConf.to_container(hydra[key], resolve=False) != NO_LOGGING:
            raise ConfigError(f"hydra.{key}: logs would be written elsewhere; use hydra/{key}=none")
    for key in ("env_set", "env_copy"):
        if hydra.job.get(key):
            raise ConfigError(f"hydra.job.{key}: a config sets no environment variables; the shell does")
    _check_subfolder(hydra.output_subdir)


def _check_subfolder(given: Any) -> None:
    name = None if given is None else str(given)
    if name is not None and (name.startswith(("/", "~")) or ".." in name.split("/") or not name):
        raise ConfigError(f"hydra.output_subdir: '{given}' is not a folder inside the run's own")


def _literal(value: Any, key: str) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"{key}: {value!r} is not the name of a class")
    return value
