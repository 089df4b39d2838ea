"""From an exception to one line and an exit code."""

import os
import re
import sys
import traceback

from ploutos.types import ConfigError, PloutosError

USAGE, FAILURE = 2, 1


def explain(error: BaseException) -> int:
    """Print what went wrong in one line on stderr and return the exit code.

    `PLOUTOS_TRACEBACK=1` prints the whole traceback as well.
    """
    if os.environ.get("PLOUTOS_TRACEBACK"):
        traceback.print_exception(error)
    line, code = describe(error)
    sys.stderr.write(f"ploutos: {line}\n")
    return code


def describe(error: BaseException) -> tuple[str, int]:
    """Return the line for `error` and its exit code (2 usage or config, 1 failure)."""
    from hydra.errors import HydraException, InstantiationException
    from omegaconf.errors import OmegaConfBaseException
    from pydantic import ValidationError

    if isinstance(error, InstantiationException):
        return _instantiation(error)
    if isinstance(error, ConfigError):
        return one_line(str(error)), USAGE
    if isinstance(error, ValidationError):
        return _validation(error, ""), USAGE
    if isinstance(error, OmegaConfBaseException):
        return _omegaconf(error), USAGE
    if isinstance(error, HydraException):
        return _hydra(error), USAGE
    if isinstance(error, PloutosError):
        return one_line(str(error)), FAILURE
    return one_line(f"{type(error).__name__}: {error}"), FAILURE


def one_line(text: str) -> str:
    """Join lines and squeeze white space."""
    return re.sub(r"\s+", " ", text).strip()


def _instantiation(error: Exception) -> tuple[str, int]:
    from pydantic import ValidationError

    found = re.search(r"full_key: ([\w.@\[\]]+)", str(error))
    key = found.group(1) if found else ""
    cause = error.__cause__
    if isinstance(cause, ValidationError):
        return _validation(cause, key), USAGE
    if isinstance(cause, ConfigError):
        return one_line(str(cause)), USAGE
    return one_line(f"{key}: {_first_sentence(cause or error)}".lstrip(": ")), USAGE


def _first_sentence(error: BaseException) -> str:
    text = re.sub(r"full_key: \S+", "", str(error))
    text = re.sub(r"^Error in call to target '([^']+)':", r"\1:", text.strip())
    return text


def _validation(error: Exception, key: str) -> str:
    """Name the config key, the constraint and the value of the first error."""
    from pydantic import ValidationError

    assert isinstance(error, ValidationError)
    first = error.errors()[0]
    path = ".".join([key, *map(str, first["loc"])]).strip(".")
    if first["type"] == "missing_keyword_only_argument":
        return f"{path}: missing"
    if first["type"] == "unexpected_keyword_argument":
        return f"{path}: no such setting of {error.title}"
    return one_line(f"{path}: {first['msg']} (got {first['input']!r})")


def _omegaconf(error: BaseException) -> str:
    key = getattr(error, "full_key", None)
    message = str(error).strip().splitlines()
    first = message[0] if message else type(error).__name__
    if first.startswith("Missing mandatory value"):
        return f"{key}: no value given; set it with {key}=..."
    return one_line(first if not key or key in first else f"{key}: {first}")


def _hydra(error: BaseException) -> str:
    from hydra.errors import MissingConfigException

    from ploutos.types import nearest

    text = str(error)
    if isinstance(error, MissingConfigException) and error.options:
        wanted = str(error.missing_cfg_file or "")
        group, _, name = wanted.rpartition("/")
        hint = nearest(name, error.options)
        near = f" Nearest: '{hint}'." if hint else ""
        listed = ", ".join(sorted(error.options))
        return f"{group}: no '{name}'.{near} Available: {listed}"
    return one_line(text.split("\nSee ")[0])
