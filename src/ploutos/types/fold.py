"""Windows of time and the folds made of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Window:
    """Half-open window of bar close times [start, end), tz-aware UTC."""

    start: datetime
    end: datetime

    def rows(self, ts: npt.NDArray[np.int64]) -> slice:
        """Return the rows of the sorted axis `ts` [T] (microseconds since the epoch, UTC) inside."""
        start, end = (np.int64(round(t.timestamp() * 1e6)) for t in (self.start, self.end))
        return slice(int(np.searchsorted(ts, start)), int(np.searchsorted(ts, end)))

    def as_dict(self) -> dict[str, str]:
        """Return ISO 8601 strings of both ends."""
        return {"start": self.start.isoformat(), "end": self.end.isoformat()}


@dataclass(frozen=True)
class Fold:
    """One walk-forward step. `validation` may be empty (start == end); windows never overlap.

    `embargo_bars` bars lie between the end of `train` (and of `validation`) and what follows.
    """

    index: int
    train: Window
    validation: Window
    test: Window
    embargo_bars: int

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready description, logged with every run."""
        return {
            "index": self.index,
            "train": self.train.as_dict(),
            "validation": self.validation.as_dict(),
            "test": self.test.as_dict(),
            "embargo_bars": self.embargo_bars,
        }
