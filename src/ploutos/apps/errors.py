"""From an exception to one line and an exit code."""

import errno
import os
import re
import sys
import traceback
from collections.abc import Sequence

from ploutos.apps.memory import shortage
from ploutos.types import ConfigError, PloutosError

USAGE, FAILURE = 2, 1


def explain(error: BaseException) -> int:
    """Print what went wrong in one line on stderr and return the exit code.

    `PLOUTOS_TRACEBACK=1` prints the whole traceback as well.
    """
    if isinstance(error, BrokenPipeError):  # `ploutos ... | head`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILURE
    if os.environ.get("PLOUTOS_TRACEBACK"):
        traceback.print_exception(error)
    line, code = describe(error)
    sys.stderr.write(f"ploutos: {line}\n")
    return code


def describe(error: BaseException, words: Sequence[str] | None = None) -> tuple[str, int]:
    """Return the line for `error` and its exit code (2 usage or config, 1 failure).

    `words` are the command that it ended, verb first; this process's own where there are none.
    """
    from hydra.errors import HydraException, InstantiationException
    from omegaconf.errors import OmegaConfBaseException
    from pydantic import ValidationError
    from yaml import YAMLError

    short = shortage(error)
    if short is not None:
        return one_line(short), FAILURE
    if isinstance(error, ConfigError):
        return _at(error, str(error)), USAGE
    if isinstance(error, ValidationError):
        return _validation(error), USAGE
    if isinstance(error, InstantiationException):
        return _instantiation(error)
    if isinstance(error, OmegaConfBaseException):
        return _omegaconf(error), USAGE
    if isinstance(error, YAMLError):
        return _yaml(error), USAGE
    if isinstance(error, HydraException):
        return _hydra(error, words), USAGE
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        name = max(str(error.filename).split("/"), key=len)
        return f"'{name[:20]}...' has {len(name)} letters: too long for the name of a file", USAGE
    if isinstance(error, PloutosError):
        return one_line(str(error)), FAILURE
    if isinstance(error, (ValueError, TypeError)):  # Hydra lets them through as they are
        from ploutos.apps.broken_file import told

        if line := told(error, words):
            return line, USAGE
        if key := _key(error):
            return one_line(f"{key}: {re.sub(r'full_key: .*', '', str(error))}"), USAGE
    return one_line(f"{type(error).__name__}: {error}"), FAILURE


def one_line(text: str) -> str:
    """Join lines and squeeze white space."""
    return re.sub(r"\s+", " ", text).strip()


def _key(error: BaseException) -> str:
    """Return the config key of the component that raised: Hydra notes it, or writes it into its message."""
    told = "\n".join([str(error), *getattr(error, "__notes__", ())])
    found = re.findall(r"full_key: ([\w.@\[\]-]+)", told)
    return found[-1] if found else ""


def _at(error: BaseException, text: str) -> str:
    """Put the key before the text, unless that names it already."""
    key = _key(error)
    return one_line(text if not key or text.startswith(key) else f"{key}: {text}")


def _instantiation(error: Exception) -> tuple[str, int]:
    cause = error.__cause__
    if isinstance(cause, ConfigError):
        return describe(cause)
    refused = re.match(r"Target '([^']+)' (?:cannot be authorized|is not)", str(error))
    if refused:
        key, target = _key(error), refused.group(1)
        allowed = "a config may name the components of its groups and classes of packages in PLOUTOS_TRUST"
        return f"{key}._target_: '{target}' is not allowed; {allowed}", USAGE
    text = re.sub(r"full_key: \S+", "", str(error)).replace("Are you sure", "; are you sure")
    return _at(error, text), USAGE


def _validation(error: Exception) -> str:
    """Name the config key, the constraint and the value of the first error."""
    from pydantic import ValidationError

    assert isinstance(error, ValidationError)
    first = error.errors()[0]
    path = ".".join([_key(error), *map(str, first["loc"])]).strip(".")
    if first["type"] in ("missing_keyword_only_argument", "missing"):
        return f"{path}: missing; a setting cannot be left out, give it a value with {path}=..."
    if first["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        return f"{path}: no such setting of {error.title.removesuffix('.__init__')}"
    message = first["msg"].removeprefix("Value error, ")
    return one_line(f"{path}: {message} (got {first['input']!r})")


def _yaml(error: BaseException) -> str:
    """Name the file, the line and what the reader of YAML stumbled over."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    told = ", ".join(str(text) for name in ("context", "problem") if (text := getattr(error, name, None)))
    if mark is None:
        return one_line(f"config: {error}")
    return one_line(f"{mark.name}: line {mark.line + 1}: no valid YAML: {told}")


def _omegaconf(error: BaseException) -> str:
    from ploutos.apps.safety.resolvers import of_resolver

    key = getattr(error, "full_key", None)
    message = str(error).strip().splitlines()
    first = of_resolver(message[0]) if message else type(error).__name__
    if first.startswith("Missing mandatory value"):
        return f"{key}: no value given; set it with {key}=..."
    if "is not in struct" in first or first.startswith("Missing key"):
        return f"{key}: missing from the config"
    return one_line(first if not key or key in first else f"{key}: {first}")


def _hydra(error: BaseException, words: Sequence[str] | None) -> str:
    from hydra.errors import MissingConfigException, OverrideParseException

    from ploutos.types import nearest

    text = str(error)
    if isinstance(error, MissingConfigException) and error.options:
        group, _, name = str(error.missing_cfg_file or "").rpartition("/")
        hint = nearest(name, error.options)
        near = f" Nearest: '{hint}'." if hint else ""
        return f"{group}: no '{name}'.{near} Available: {', '.join(sorted(error.options))}"
    if isinstance(error, OverrideParseException):
        from ploutos.apps.group_choice import slashed

        return slashed(str(error.override)) or (
            f"'{error.override}' is not an override: write key=value, with quotes around special characters"
        )
    unknown = re.match(r"Could not (?:override|delete)[^']*'([^']+)'", text)
    if unknown:
        from ploutos.apps.group_choice import unnamed_choice
        from ploutos.apps.launcher import foreign_key
        from ploutos.apps.unknown_key import nearest_key

        if choice := unnamed_choice(words):
            return choice
        key = unknown.group(1)
        if remedy := foreign_key(key):
            return remedy
        hint = nearest_key(key, words)
        inner = re.match(r"Key '([^']+)' is not in struct", str(error.__cause__))
        if hint == key and inner:  # the value is a mapping with keys of its own
            return f"{key}.{inner.group(1)}: no such key; a new one is added by +{key}.{inner.group(1)}=..."
        return f"{key}: no such key." + (f" Nearest: '{hint}'." if hint else "")
    if not text.strip() and error.__cause__ is not None:  # it left the telling to what it was raised from
        return describe(error.__cause__, words)[0]
    return one_line(text.split("\nSee ")[0])
