"""Hydra's own flags, read before Hydra does: a wrong one is told in one line."""

import warnings
from argparse import Namespace
from collections.abc import Sequence
from typing import NoReturn

from hydra._internal.utils import get_args_parser
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf._utils import split_key

from ploutos.types import ConfigError


def parse(words: list[str]) -> Namespace:
    """Return flags and overrides of `words`; ConfigError where Hydra would print its usage and leave."""
    parser = get_args_parser()

    def refuse(message: str) -> NoReturn:
        raise ConfigError(f"{message} (flags come before or after the overrides; see --help)")

    parser.error = refuse  # type: ignore[method-assign]
    found = parser.parse_intermixed_args(words)
    modes = [f"--{name}" for name in ("run", "multirun", "cfg", "info") if getattr(found, name)]
    if len(modes) > 1:
        raise ConfigError(f"{' and '.join(modes)} exclude each other")
    return found


def refuse_other_sources(flags: Namespace) -> None:
    """Refuse what would read configs from anywhere but the shipped folder and `--config-dir`."""
    for flag in ("config_path", "experimental_rerun"):
        if getattr(flags, flag) is not None:
            raise ConfigError(f"--{flag.replace('_', '-')}: not allowed; a folder of configs is --config-dir")
    refuse_search_paths(flags.overrides)


def refuse_search_paths(overrides: Sequence[str]) -> None:
    """Refuse overrides of Hydra's search path and aliases: their text would not be read without tags."""
    with warnings.catch_warnings():  # what is deprecated, Hydra tells when it reads them itself
        warnings.simplefilter("ignore")
        parsed = OverridesParser.create().parse_overrides(list(overrides))
    for override in parsed:
        if split_key(override.key_or_group)[:2] in (["hydra", "searchpath"], ["hydra", "aliases"]):
            raise ConfigError(f"{override.key_or_group}: not allowed; a folder of configs is --config-dir")
