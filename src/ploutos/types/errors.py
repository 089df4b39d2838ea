"""Errors that a user can act on, and the words that help."""

from collections.abc import Iterable
from difflib import get_close_matches


class PloutosError(Exception):
    """A failure of the work itself; the command line ends with exit code 1."""


class ConfigError(PloutosError):
    """A usage or configuration error, told in one line; the command line ends with exit code 2."""


class DataError(ConfigError):
    """Input data that cannot be used: names the file, the ticker, the time and the value."""


def nearest(value: str, options: Iterable[str]) -> str | None:
    """Return the option closest in spelling to `value`, or None if there is no option at all."""
    candidates = sorted(map(str, options))
    close = get_close_matches(str(value), candidates, n=1, cutoff=0.0)
    return close[0] if close else None


def one_of(what: str, value: str, options: Iterable[str]) -> ConfigError:
    """Build the error for a `value` of `what` that is none of `options`, naming the nearest one."""
    options = sorted(map(str, options))
    hint = nearest(value, options)
    listed = ", ".join(options[:12]) + (", ..." if len(options) > 12 else "")
    near = f" Nearest: '{hint}'." if hint else ""
    return ConfigError(f"{what}: unknown value '{value}'.{near} Available: {listed or 'none'}")
