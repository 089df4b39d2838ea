"""Wall times of a day."""

from datetime import time

from ploutos.types import ConfigError


def parse_time(what: str, value: str) -> time:
    """Return the local wall time of "HH:MM", or raise `ConfigError` naming `what`."""
    try:
        if len(value) != 5:
            raise ValueError(value)
        return time.fromisoformat(value)
    except ValueError as error:
        raise ConfigError(f"{what}: '{value}' is not a time, write HH:MM such as '09:30'") from error
