"""Checks of a composed config that need no component: values, references and folders."""

import os
import re
from pathlib import Path
from typing import Any

from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationKeyError

from ploutos.apps.lengths import check_lengths, check_name
from ploutos.apps.parts import resolved
from ploutos.apps.safety.components import check_all
from ploutos.types import ConfigError

SEEDS = 2**32  # as many as NumPy's older generators and Stable-Baselines3 take
PANEL = re.compile(r"[0-9a-f]{64}")


def check_values(config: DictConfig) -> dict[str, Any]:
    """Return the resolved config; refuses foreign targets, missing values, a wrong fold, seed or name."""
    try:
        check_all(config)
        plain = resolved(config)
    except InterpolationKeyError as error:
        raise _mismatch(config, error) from error
    for key in ("fold", "seed"):
        if key in plain:
            count(key, plain[key])
    if plain.get("seed", 0) >= SEEDS:
        raise ConfigError(f"seed: {plain['seed']} is not below 2^32")
    if not isinstance(plain.get("stack_seeds", False), bool):
        raise ConfigError(f"stack_seeds: {plain['stack_seeds']!r} is neither true nor false")
    check_name("name", plain.get("name", "x"))
    for name in plain.get("baselines") or {}:
        check_name("baselines", name)
    return plain


def count(key: str, value: Any) -> int:
    """Return `value` as it is, or refuse what is not a whole number >= 0."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ConfigError(f"{key}: {value!r} is not a whole number >= 0")
    return value


def check_folders(config: DictConfig, *, read: tuple[str, ...] = ()) -> None:
    """Refuse folders that this command could not write, before it writes anything.

    Those of the keys `read` are read only.
    """
    check_lengths(config)
    mode = OmegaConf.select(config, "hydra.mode")
    run = "hydra.sweep.dir" if getattr(mode, "name", mode) == "MULTIRUN" else "hydra.run.dir"
    for key in (run, "tracking.folder", "panel.folder", "checkpoints.folder"):
        given = OmegaConf.select(config, key)
        if given is not None:
            folder = Path(str(given)).expanduser().absolute()
            existing = _existing(key, folder)
            if key not in read and not (key == "panel.folder" and _has_panels(folder)):
                _require_writable(key, folder, existing)


def _existing(key: str, folder: Path) -> Path:
    """Return the nearest ancestor that is there; refuses one that is no folder."""
    existing = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    if not existing.is_dir():
        raise ConfigError(f"{key}: cannot write '{folder}': '{existing}' is not a folder")
    return existing


def _require_writable(key: str, folder: Path, existing: Path) -> None:
    """Refuse a folder that cannot be made or written; root may write everywhere."""
    if not os.access(existing, os.W_OK | os.X_OK):
        raise ConfigError(f"{key}: cannot write '{folder}': no permission in '{existing}'")


def _has_panels(folder: Path) -> bool:
    """Return whether panels are in `folder`: with the one that is wanted, nothing need be written there."""
    try:
        return any(PANEL.fullmatch(place.name) for place in folder.iterdir())
    except OSError:
        return False


def _mismatch(config: DictConfig, error: InterpolationKeyError) -> ConfigError:
    """Tell which two variants do not go together: one takes a value that the other does not have."""
    key = str(error.full_key)
    found = re.search(r"Interpolation key '([^']+)'", str(error))
    wanted = found.group(1) if found else "?"
    choices = OmegaConf.select(config, "hydra.runtime.choices") or {}
    group, other = key.partition(".")[0], wanted.partition(".")[0]
    if group not in choices or other not in choices or group == other:
        return ConfigError(f"{key}: takes its value from '{wanted}', which is not there")
    options = GlobalHydra.instance().config_loader().get_group_options(group)
    rest = ", ".join(sorted(set(options) - {choices[group]}))
    return ConfigError(
        f"{group}={choices[group]} does not go with {other}={choices[other]}: it takes {key} from {wanted},"
        f" which is not there; other choices of {group}: {rest or 'none'}"
    )
