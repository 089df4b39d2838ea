"""What every macro source is: daily levels with the time of their publication, and columns made of them."""

from abc import ABC, abstractmethod
from typing import Annotated, Any, Self

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ploutos.macro.columns import macro_columns
from ploutos.types import PositiveFloat


class Columns(BaseModel):
    """Settings of the derived columns, explained in `macro_columns`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    z_window_sessions: Annotated[int, Field(ge=2)]
    z_min_sessions: Annotated[int, Field(ge=2)]
    z_clip: PositiveFloat
    stress_z: PositiveFloat
    age_cap_days: PositiveFloat

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.z_min_sessions > self.z_window_sessions:
            raise ValueError(
                f"z_min_sessions {self.z_min_sessions} is above z_window_sessions {self.z_window_sessions}"
            )
        return self


class MacroSource(ABC):
    """A source of daily macro levels.

    Parameters
    ----------
    derived : settings of the derived columns; None for a source without levels.
    """

    def __init__(self, derived: Columns | None) -> None:
        self._derived = derived

    @abstractmethod
    def load(self) -> pl.DataFrame:
        """Return `available_at` (Datetime[us, UTC], sorted, unique) and levels among vix, tnx, dxy."""

    @abstractmethod
    def fingerprint(self) -> dict[str, Any]:
        """Return JSON-ready values that identify the content; equal values give equal columns."""

    def columns(self, ts: npt.NDArray[np.int64]) -> tuple[tuple[str, ...], npt.NDArray[np.float32]]:
        """Return names (M) and values [T, M] known at the bar close times `ts` [T] (microseconds, UTC)."""
        if self._derived is None:
            return (), np.zeros((len(ts), 0), dtype=np.float32)
        return macro_columns(self.load(), ts, **self._derived.model_dump())
