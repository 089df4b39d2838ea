"""Packages that only some providers need."""

import warnings
from importlib import import_module
from types import ModuleType

from ploutos.types import ConfigError


def needed(module: str, *, extra: str, what: str) -> ModuleType:
    """Import `module`, or raise `ConfigError` naming the extra that brings it."""
    try:
        with warnings.catch_warnings():  # alpaca-py imports a deprecated part of websockets
            warnings.simplefilter("ignore", DeprecationWarning)
            return import_module(module)
    except ModuleNotFoundError as error:
        name = module.partition(".")[0]
        raise ConfigError(
            f"{what} needs the package '{name}': pip install -c constraints.txt 'ploutos[{extra}]'"
        ) from error
