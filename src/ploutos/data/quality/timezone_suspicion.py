"""Times that were read in the wrong zone."""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.data.quality.finding import Finding, Severity
from ploutos.data.quality.zone_profile import NOW, SHIFTS, MarketBars, Profile, market_bars, profile
from ploutos.types import DataError, Fraction, checked

SMALLEST = 60
"""Minutes; auctions after the close and coarse bars look like smaller shifts."""
MUCH = 0.1
"""Share of the volume that decides alone unless the opening objects."""
OBJECTS, AGREES, DECIDES = 0.7, 1.05, 1.3
"""Jump at the shifted over that at the given openings: below the first it objects to a shift, from the second
on it agrees, from the third on it decides alone, where it is three standard errors larger."""
FEWEST = 20
"""Openings of a half year from which their jumps say anything; of a few, the spread is not known either."""
PLAUSIBLE = 1 / 3
"""A shift has at least this share of the largest volume inside that any has."""
ALIKE = 0.98
"""Shifts that fit nearly as well as the best; whole hours, then small shifts are told first."""
SUMMER = (4, 10)
"""First and last month of the half year in which the north's clocks are advanced."""
REMEDY = "set data.input_timezone to the zone of the file's times, or data.label to the end that they mark"


class TimezoneSuspicion:
    """Volume and opening jumps would fit the sessions better if all times were shifted by some hours.

    The volume alone does not tell: an hourly bar of the closing auction begins when the session ends, and
    may hold most of a day's volume. Where the session opens, prices jump from those of the day before and
    trading begins: both are looked for (see `zone_profile`). Summer and winter are judged apart: a file in
    UTC that is read as New York time is off by four hours in one and five in the other, which no one shift
    shows clearly. A market that never closes says nothing.

    Parameters
    ----------
    action : what to do with a suspicious file.
    gain : share of the volume that a shift must bring into the sessions where the openings agree with it.
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
        """Compare the bars' times with the sessions, before bars outside of them are dropped.

        `frame` is sorted by (ticker, ts); `sessions` must reach a day beyond it on either side. The count is
        1 for a suspicion, of every ticker; the examples tell it by half year.
        """
        bars = market_bars(frame, _utc(frame, input_timezone), bar_minutes=bar_minutes, label=label)
        summer = bars.ts.dt.month().is_between(*SUMMER)
        halves = (("winter", bars.where(~summer)), ("summer", bars.where(summer)))
        examples = tuple(
            told
            for half_year, part in halves
            if (told := self._judged(part, sessions, bar_minutes, half_year)) is not None
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
            remedy=REMEDY,
        )

    def _judged(
        self, part: MarketBars, sessions: pl.DataFrame, bar_minutes: int, half_year: str
    ) -> dict[str, Any] | None:
        """Return what is suspicious about one half year, or None."""
        if not part.weight.sum() > 0:
            return None
        found = profile(part, sessions, bar_minutes=bar_minutes)
        shifts = np.flatnonzero(self._better(found, bar_minutes))
        if not shifts.size:
            return None
        fit = found.opening * np.sqrt(found.inside) if found.opening.any() else found.inside
        alike = shifts[fit[shifts] >= ALIKE * fit[shifts].max()]
        chosen = int(min(alike, key=lambda k: (SHIFTS[k] % 60 != 0, abs(SHIFTS[k]))))
        return {
            "half_year": half_year,
            "shift_hours": float(SHIFTS[chosen]) / 60,
            "inside_now": round(float(found.inside[NOW]), 4),
            "inside_shifted": round(float(found.inside[chosen]), 4),
        }

    def _better(self, found: Profile, bar_minutes: int) -> npt.NDArray[np.bool_]:
        """Return [S] whether each shift fits better than the times as they are."""
        possible = np.abs(SHIFTS) >= max(SMALLEST, bar_minutes / 2)
        possible &= found.inside >= PLAUSIBLE * found.inside.max()
        possible &= found.openings >= 0.5 * found.openings[possible].max(initial=0)
        gain = found.inside - found.inside[NOW]
        now, more = found.opening[NOW], found.opening - found.opening[NOW]
        error = np.sqrt(found.error + found.error[NOW])
        enough = found.openings >= FEWEST
        by_volume = (gain >= max(MUCH, self.gain)) & (found.opening >= OBJECTS * now)
        by_opening = enough & (found.opening >= DECIDES * now) & (more > 3 * error)
        by_both = (
            enough & (gain >= self.gain) & (found.opening >= AGREES * now) & (more >= error) & (more > 0)
        )
        return np.asarray(possible & (by_volume | by_opening | by_both))


def _utc(frame: pl.DataFrame, input_timezone: str) -> pl.Expr:
    ts = pl.col("ts")
    dtype = frame.schema["ts"]
    if isinstance(dtype, pl.Datetime) and dtype.time_zone is None:
        ts = ts.dt.replace_time_zone(input_timezone, ambiguous="earliest", non_existent="null")
    return ts.dt.convert_time_zone("UTC").dt.cast_time_unit("us")


def _say(told: dict[str, Any], input_timezone: str) -> str:
    return (
        f"read as {input_timezone}, {told['inside_now']:.0%} of the volume lies in the sessions; in"
        f" {told['half_year']} {told['inside_shifted']:.0%} would if all times were"
        f" {abs(told['shift_hours']):g} hours"
        f" {'later' if told['shift_hours'] > 0 else 'earlier'}; {REMEDY}"
    )
