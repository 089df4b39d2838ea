"""Where `reset(options=...)` puts an episode."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from ploutos.env.episode_batch import EpisodeBatch
from ploutos.types import ConfigError
from ploutos.types.errors import one_of

OPTIONS = ("row", "start")


def chosen_start(options: Mapping[str, Any] | None, batch: EpisodeBatch) -> int | None:
    """Return the row of the first decision that `options` ask for; None where they leave it to chance.

    `row`: of the market, as infos tell it. `start`: an ISO date or time, or a datetime, UTC unless it says
    otherwise; the first bar that closes then or later.
    """
    given = dict(options or {})
    for name in given:
        if name not in OPTIONS:
            raise one_of("reset option", str(name), OPTIONS)
    if not given:
        return None
    if len(given) > 1:
        raise ConfigError("reset options: give 'row' or 'start', not both")
    ts = batch.simulator.market.ts
    ((name, value),) = given.items()
    row = _row_at(value, batch) if name == "start" else value
    if isinstance(row, bool) or not isinstance(row, int | np.integer):
        raise ConfigError(f"reset option row: {row!r} is not a whole number")
    first, last = batch.rows.start, batch.rows.stop - 1 - batch.bars
    if not first <= row <= last:
        raise ConfigError(
            f"reset option {name}: {value!r} leaves no room for an episode of {batch.bars} bars in the"
            f" window; it takes {first}..{last} ({_time(ts[first])} to {_time(ts[last])})"
        )
    return int(row)


def _row_at(value: Any, batch: EpisodeBatch) -> int:
    """Return the first row whose bar closes at `value` or later."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"reset option start: {value!r} is no ISO date or time") from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(np.searchsorted(batch.simulator.market.ts, round(moment.timestamp() * 1e6)))


def _time(microseconds: np.int64) -> str:
    return datetime.fromtimestamp(int(microseconds) / 1e6, UTC).strftime("%Y-%m-%dT%H:%M")
