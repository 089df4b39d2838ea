"""The settings at the top of the verbs' configs, which no constructor checks: each has a type of its own."""

from collections.abc import Callable, Mapping
from typing import Any

from ploutos.apps.lengths import check_name
from ploutos.types import ConfigError

SEEDS = 2**32  # as many as NumPy's older generators and Stable-Baselines3 take
MEANT = dict.fromkeys(("yes", "y", "on", "t", "1"), "true") | dict.fromkeys(
    ("no", "n", "off", "f", "0", "none", "null"), "false"
)


def flag(key: str, value: Any) -> None:
    """Refuse what is not a boolean: Python takes every text that is not empty for true, also 'no'."""
    if isinstance(value, bool):
        return
    text = str(value).lower()
    meant = MEANT.get(text, text if text in ("true", "false") else None)
    raise ConfigError(f"{key}: {value!r} is neither true nor false; write {key}={meant or 'true or =false'}")


def count(key: str, value: Any) -> int:
    """Return `value` as it is, or refuse what is not a whole number >= 0."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ConfigError(f"{key}: {value!r} is not a whole number >= 0")
    return value


def seed(key: str, value: Any) -> None:
    """Refuse a seed that not every generator takes."""
    if count(key, value) >= SEEDS:
        raise ConfigError(f"{key}: {value} is not below 2^32")


def port(key: str, value: Any) -> None:
    """Refuse what is no TCP port."""
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 65535:
        raise ConfigError(f"{key}: {value!r} is not a whole number from 1 to 65535")


# Of all verbs; a test holds this table against their files.
SETTINGS: dict[str, Callable[[str, Any], object]] = {
    "fold": count,
    "seed": seed,
    "stack_seeds": flag,
    "resume": flag,
    "name": check_name,
    "verify": flag,
    "cuts": count,
    "whole_cuts": count,
    "glances": count,
    "audit_seed": count,
    "port": port,
}
OF_A_RUN = (
    "name",
    "fold",
    "seed",
    "stack_seeds",
    "resume",
)  # what a run must have


def check_settings(plain: Mapping[str, Any]) -> None:
    """Refuse settings of the wrong type, and a config of a run that lacks one."""
    for key in OF_A_RUN if "agent" in plain else ():
        if key not in plain:
            raise ConfigError(f"{key}: missing from the config; set it with {key}=...")
    for key, check in SETTINGS.items():
        if key in plain:
            check(key, plain[key])
