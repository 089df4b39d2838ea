"""Times that were read in the wrong zone."""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.data.quality.finding import Finding, Severity
from ploutos.types import DataError, Fraction, checked

Floats = npt.NDArray[np.float64]
MINUTE_US = 60_000_000
SHIFTS = np.arange(-14 * 60, 14 * 60 + 1, 30)
"""Minutes; clocks of the world differ by multiples of half an hour or a quarter."""
SMALLEST = 60
"""Minutes; auctions after the close and coarse bars look like smaller shifts."""
CLOSE_TO_BEST = 0.002
"""Shares that differ by less are alike; whole hours, then small shifts are told first."""
SUMMER = (4, 10)
"""First and last month of the half year in which the north's clocks are advanced."""


class TimezoneSuspicion:
    """More volume would lie in the sessions if all times were shifted by some hours.

    Summer and winter are judged apart: a file in UTC that is read as New York time is off by four hours in
    one and five in the other, which no one shift shows clearly. A market that never closes says nothing.

    Parameters
    ----------
    action : what to do with a suspicious file.
    gain : share of the volume that a shift must bring into the sessions.
    """

    name = "timezone_suspicion"
    severity: Severity = "error"

    @checked
    def __init__(self, *, action: Literal["kept", "refused"], gain: Fraction) -> None:
        self.action = action
        self.gain = float(gain)

    def apply(
        self,
        frame: pl.DataFrame,
        sessions: pl.DataFrame,
        *,
        bar_minutes: int,
        label: Literal["open", "close"],
        input_timezone: str,
        file: str,
    ) -> Finding:
        """Compare the volume's times with the sessions, before bars outside of them are dropped.

        `sessions` must reach a day beyond the frame on either side. The count is 1 for a suspicion, of
        every ticker; the examples tell it by half year.
        """
        half = pl.duration(minutes=bar_minutes if label == "open" else -bar_minutes) / 2
        middle = _utc(frame, input_timezone) + half
        by_time = (
            frame.select(ts=middle, volume="volume", bars=pl.lit(1.0))
            .drop_nulls("ts")
            .group_by("ts")
            .agg(pl.col("volume").sum(), pl.col("bars").sum())
            .sort("ts")
        )
        weight = "volume" if by_time["volume"].sum() > 0 else "bars"
        month = pl.col("ts").dt.month()
        summer = month.is_between(*SUMMER)
        halves = (("winter", by_time.filter(~summer)), ("summer", by_time.filter(summer)))
        examples = tuple(
            told
            for half_year, part in halves
            if (told := self._judged(part, weight, sessions, half_year)) is not None
        )
        if examples and self.action == "refused":
            raise DataError(f"{file}: {_say(examples[0], input_timezone)}")
        return Finding(
            rule=self.name,
            severity=self.severity,
            count=int(bool(examples)),
            tickers=frame["ticker"].n_unique() if examples else 0,
            examples=examples,
            action=self.action,
            threshold=self.gain,
        )

    def _judged(
        self, part: pl.DataFrame, weight: str, sessions: pl.DataFrame, half_year: str
    ) -> dict[str, Any] | None:
        """Return what is suspicious about one half year, or None."""
        total = float(part[weight].sum())
        if total <= 0:
            return None
        share = _share_inside(part["ts"], part[weight].to_numpy() / total, sessions)
        now = float(share[SHIFTS == 0][0])
        large = np.abs(SHIFTS) >= SMALLEST
        best = float(share[large].max())
        if best - now < max(self.gain, CLOSE_TO_BEST):
            return None
        alike = np.flatnonzero(large & (share >= best - CLOSE_TO_BEST))
        chosen = int(min(alike, key=lambda i: (SHIFTS[i] % 60 != 0, abs(SHIFTS[i]))))
        return {
            "half_year": half_year,
            "shift_hours": float(SHIFTS[chosen]) / 60,
            "inside_now": round(now, 4),
            "inside_shifted": round(float(share[chosen]), 4),
        }


def _utc(frame: pl.DataFrame, input_timezone: str) -> pl.Expr:
    ts = pl.col("ts")
    dtype = frame.schema["ts"]
    if isinstance(dtype, pl.Datetime) and dtype.time_zone is None:
        ts = ts.dt.replace_time_zone(input_timezone, ambiguous="earliest", non_existent="null")
    return ts.dt.convert_time_zone("UTC").dt.cast_time_unit("us")


def _share_inside(ts: pl.Series, weight: Floats, sessions: pl.DataFrame) -> Floats:
    """Return [S] the share of the weight that lies in a session under each of `SHIFTS`."""
    times = ts.dt.timestamp("us").to_numpy()
    opens, closes = (sessions[name].dt.timestamp("us").to_numpy() for name in ("open", "close"))
    shares = []
    for shift in SHIFTS.tolist():
        shifted = times + shift * MINUTE_US
        session = np.searchsorted(opens, shifted, side="right") - 1
        inside = (session >= 0) & (shifted <= closes[session])
        shares.append(float(weight[inside].sum()))
    return np.array(shares)


def _say(told: dict[str, Any], input_timezone: str) -> str:
    return (
        f"read as {input_timezone}, {told['inside_now']:.0%} of the volume lies in the sessions; in"
        f" {told['half_year']} {told['inside_shifted']:.0%} would if all times were"
        f" {abs(told['shift_hours']):g} hours {'later' if told['shift_hours'] > 0 else 'earlier'}"
    )
