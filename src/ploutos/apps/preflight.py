"""Checks of a composed config that need no component: values, references and folders."""

import os
import re
import tempfile
from pathlib import Path
from typing import Any

from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationKeyError

from ploutos.apps.lengths import check_lengths, check_name
from ploutos.apps.parts import resolved
from ploutos.apps.safety.components import check_all
from ploutos.apps.sections import check_sections
from ploutos.apps.settings import check_settings
from ploutos.types import ConfigError

PANEL = re.compile(r"[0-9a-f]{64}")


def check_values(config: DictConfig) -> dict[str, Any]:
    """Return the resolved config; refuses foreign targets, missing values and settings of a wrong type."""
    check_sections(config)
    try:
        check_all(config)
        plain = resolved(config)
    except InterpolationKeyError as error:
        raise _mismatch(config, error) from error
    check_settings(plain)
    for name in plain.get("baselines") or {}:
        check_name("baselines", name)
    return plain


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
                require_writable(key, folder, existing)


def _existing(key: str, folder: Path) -> Path:
    """Return the nearest ancestor that is there; refuses one that is no folder."""
    existing = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    if not existing.is_dir():
        raise ConfigError(f"{key}: cannot write '{folder}': '{existing}' is not a folder; set {key}=...")
    return existing


def require_writable(key: str, folder: Path, existing: Path) -> None:
    """Make a folder in the nearest `existing` one and take it away: permissions alone promise nothing."""
    try:
        folder.stat()  # a name too long, a loop of links
    except FileNotFoundError:
        pass
    except OSError as error:
        raise ConfigError(f"{key}: cannot write '{folder}': {error.strerror}; set {key}=...") from error
    try:
        Path(tempfile.mkdtemp(prefix=".ploutos-", dir=existing)).rmdir()
    except PermissionError as error:
        raise ConfigError(
            f"{key}: cannot write '{folder}': no permission in '{existing}'; set {key}=..."
        ) from error
    except OSError as error:
        raise ConfigError(
            f"{key}: cannot write '{folder}': {error.strerror or error} in '{existing}'; set {key}=..."
        ) from error


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
