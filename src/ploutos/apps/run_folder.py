"""Keeps a run from replacing files in its folder that no run of Ploutos wrote."""

import os
import re
from pathlib import Path

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ploutos.tracking.files import head
from ploutos.types import ConfigError

# What the verbs write into the folder of a run, beside Hydra's own; docs/files.md says which writes what.
WRITTEN = (
    "audit.json",
    "baselines",
    "config.yaml",
    "data.json",
    "job",
    "multirun.yaml",
    "quality.html",
    "report.html",
    "track",
    "verdict.json",
)
SILENT = ("ui",)  # verbs that write nothing into the folder of their run
HYDRA = ("config.yaml", "hydra.yaml", "overrides.yaml")  # in hydra.output_subdir
SIGNED = re.compile(rb"^\s*app_name: ploutos \w+\s*$", re.MULTILINE)
LONGEST = 1_000_000


def require_own_folder(config: DictConfig) -> None:
    """Refuse a folder for the run, or the sweep, with a file that it would replace and Ploutos did not write.

    A folder that an earlier run has left may be used again; its files are replaced.
    """
    mode = OmegaConf.select(config, "hydra.mode")
    sweep = getattr(mode, "name", mode) == "MULTIRUN"
    key = "hydra.sweep.dir" if sweep else "hydra.run.dir"
    try:
        folder = Path(str(OmegaConf.select(config, key))).expanduser().absolute()
    except OmegaConfBaseException:  # a value that is missing: others tell of it
        return
    output = OmegaConf.select(config, "hydra.output_subdir")
    if output is not None and not sweep:
        _require_own_subdir(folder / str(output))
    subdir = _subdir(config) if sweep else None
    verb = OmegaConf.select(config, "hydra.job.config_name")
    if verb in SILENT or not folder.is_dir() or is_ours(folder, output):
        return
    for name in sorted(path.name for path in folder.iterdir()):
        if name in WRITTEN or (subdir is not None and subdir.fullmatch(name)):
            raise _refused(key, folder, name)


def is_ours(folder: Path, output: str | None = ".hydra") -> bool:
    """Return whether a run of Ploutos has left its configuration in `folder`."""
    told = (folder / "multirun.yaml", folder / ".hydra" / "hydra.yaml", folder / str(output) / "hydra.yaml")
    return any(SIGNED.search(head(file, LONGEST)) for file in told)


def _require_own_subdir(place: Path) -> None:
    """Refuse a folder for Hydra's own files that has some of another program."""
    if SIGNED.search(head(place / "hydra.yaml", LONGEST)):
        return
    for name in HYDRA:
        if os.path.lexists(place / name):
            raise _refused("hydra.output_subdir", place, name)


def _subdir(config: DictConfig) -> re.Pattern[str]:
    """Return what the names of the jobs' folders look like, whatever is put in for the references."""
    plain = OmegaConf.to_container(config.hydra.sweep, resolve=False)
    assert isinstance(plain, dict)
    parts = Path(str(plain["subdir"])).parts
    if ".." in parts or Path(str(plain["subdir"])).is_absolute():
        raise ConfigError(f"hydra.sweep.subdir: '{plain['subdir']}' leaves the folder of the sweep")
    words = re.split(r"(\$\{[^}]*\})", parts[0] if parts else "")
    wild = {True: r"\d+", False: ".*"}
    found = [wild["hydra:job.num" in word] if word.startswith("${") else re.escape(word) for word in words]
    return re.compile("".join(found))


def _refused(key: str, folder: Path, name: str) -> ConfigError:
    return ConfigError(
        f"{key}: '{folder}' has a '{name}' that no run of Ploutos wrote and this one would replace; choose"
        " another folder"
    )
