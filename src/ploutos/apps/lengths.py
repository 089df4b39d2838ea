"""Refuses names and paths that no file system takes, by their keys, before anything is written."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ploutos.types import ConfigError

NAME = re.compile(r"[\w][\w .\-]*")
LONGEST_NAME = 200  # bytes; file systems take 255, and files in the making have longer names
LONGEST_PART, LONGEST_PATH = 255, 4096 - 300  # bytes; a path needs room for what is written below it
HYDRA = ("run.dir", "sweep.dir", "sweep.subdir", "output_subdir")
PLACES = ("folder", "path", "file", "dir")  # last words of keys whose values are paths


def check_name(key: str, name: Any) -> None:
    """Refuse what cannot be the name of a folder: other signs than a few, too many letters."""
    if isinstance(name, str) and len(name.encode()) > LONGEST_NAME:
        raise ConfigError(
            f"{key}: '{name[:20]}...' has {len(name)} letters ({len(name.encode())} bytes); at most"
            f" {LONGEST_NAME} bytes can name a folder"
        )
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ConfigError(f"{key}: '{name}' must be of letters, digits, spaces, '_', '-' and '.'")


def check_path(key: str, path: Path) -> None:
    """Refuse a path that is too long, or has a part that is."""
    longest = max(path.parts, key=lambda part: len(os.fsencode(part)), default="")
    size = len(os.fsencode(longest))
    if size > LONGEST_PART:
        raise ConfigError(f"{key}: '{longest[:20]}...' has {size} bytes; a name has at most {LONGEST_PART}")
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise ConfigError(f"{key}: the path has {len(os.fsencode(path))} bytes; at most {LONGEST_PATH}")


def check_lengths(config: DictConfig) -> None:
    """Refuse the first name or path of `config` that is too long; broken references are left out."""
    for key in ("name", "study"):
        given = OmegaConf.select(config, key)
        if isinstance(given, str) and len(given.encode()) > LONGEST_NAME:
            check_name(key, given)
    for key, value in _paths(config):
        check_path(key, Path(value).expanduser().absolute())


def _paths(config: DictConfig) -> Iterator[tuple[str, str]]:
    """Yield the keys of paths and their values."""
    for word in HYDRA:
        key = f"hydra.{word}"
        try:
            value = OmegaConf.select(config, key)
        except OmegaConfBaseException:  # such as the number of a job, not known yet: its text counts
            value = _text(config, key)
        if isinstance(value, str):
            yield key, value
    yield from _own_paths(config, "")


def _own_paths(node: DictConfig, above: str) -> Iterator[tuple[str, str]]:
    for name in node:
        key = above + str(name)
        if key == "hydra":
            continue
        try:
            value = node[name]
        except OmegaConfBaseException:  # a value that is missing: others tell of it
            continue
        if isinstance(value, DictConfig):
            yield from _own_paths(value, f"{key}.")
        elif isinstance(value, str) and str(name).rpartition("_")[2] in PLACES:
            yield key, value


def _text(config: DictConfig, key: str) -> Any:
    node: Any = config
    for word in key.split("."):
        node = node._get_node(word)
    return node._value()
