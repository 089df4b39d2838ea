"""Hydra's own flags, read before Hydra does: a wrong one is told in one line."""

from argparse import Namespace
from typing import NoReturn

from hydra._internal.utils import get_args_parser

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
