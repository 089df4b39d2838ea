"""Columns derived from daily levels, as-of joined on bar close times.

Every column is neutral at zero and free of NaN: what is not known yet is 0 with `<level>_known` 0, and
nothing is ever filled backwards.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

LEVELS = ("vix", "tnx", "dxy")
DIFFERENCED = frozenset({"tnx"})
"""Levels whose change is an absolute difference (a yield in percent); of the others it is a log change."""

CHANGES = (1, 5)
AVERAGES = (20, 50)
MICROSECONDS_PER_DAY = 86_400_000_000

FloatArray = npt.NDArray[np.float64]


def column_names(level: str) -> tuple[str, ...]:
    """Return the names of the columns of one level, in their order."""
    changes = (f"{level}_change_{n}" for n in CHANGES)
    averages = (f"{level}_ma{n}" for n in AVERAGES)
    return (f"{level}_z", *changes, *averages, f"{level}_stress", f"{level}_age_days", f"{level}_known")


def macro_columns(
    levels: pl.DataFrame,
    ts: npt.NDArray[np.int64],
    *,
    z_window_sessions: int,
    z_min_sessions: int,
    z_clip: float,
    stress_z: float,
    age_cap_days: float,
) -> tuple[tuple[str, ...], npt.NDArray[np.float32]]:
    """Return names (M) and values [T, M] of the columns known at each bar close.

    Per level of `LEVELS` that is present, from its own published values up to the latest with
    `available_at <= ts` (windows count its observations, nulls do not count):

    - `_z`: (value - mean) / sd over the last `z_window_sessions`, at least `z_min_sessions`, clipped to
      +- `z_clip`; the value itself is inside the window, the sd has one degree of freedom less;
    - `_change_1`, `_change_5`: log change over so many sessions; of `tnx` the difference (points of percent);
    - `_ma20`, `_ma50`: value / its moving average - 1;
    - `_stress`: 1 where `_z` is above `stress_z`;
    - `_age_days`: days since publication, capped at `age_cap_days` and divided by it;
    - `_known`: 1 from the first publication on.

    Parameters
    ----------
    levels : `available_at` (Datetime[us, UTC], sorted, unique) and level columns, null where not published.
    ts : bar close times, microseconds since the epoch UTC [T], sorted.
    """
    names: list[str] = []
    columns: list[FloatArray] = []
    for level in (name for name in LEVELS if name in levels.columns):
        published = levels.select("available_at", pl.col(level).alias("value")).drop_nulls()
        daily = _daily(
            published["value"],
            logarithmic=level not in DIFFERENCED,
            z_window_sessions=z_window_sessions,
            z_min_sessions=z_min_sessions,
            z_clip=z_clip,
            stress_z=stress_z,
        )
        available_at = published["available_at"].dt.timestamp("us").to_numpy()
        names.extend(column_names(level))
        columns.append(_as_of(daily, available_at, ts, age_cap_days))
    if not columns:
        return (), np.zeros((len(ts), 0), dtype=np.float32)
    return tuple(names), np.concatenate(columns, axis=1).astype(np.float32)


def _daily(
    value: pl.Series,
    *,
    logarithmic: bool,
    z_window_sessions: int,
    z_min_sessions: int,
    z_clip: float,
    stress_z: float,
) -> FloatArray:
    """Return z, changes, ratios to averages and stress of one level, [days, 6]; 0 where undefined."""
    x = pl.col("value")
    mean = x.rolling_mean(z_window_sessions, min_samples=z_min_sessions)
    sd = x.rolling_std(z_window_sessions, min_samples=z_min_sessions)
    # A constant level leaves a rounding error as its sd.
    z = pl.when(sd > 1e-9 * x.abs()).then((x - mean) / sd)
    base = x.log() if logarithmic else x
    frame = pl.DataFrame({"value": value}).select(
        z.clip(-z_clip, z_clip).alias("z"),
        *(base.diff(n).alias(f"change_{n}") for n in CHANGES),
        *((x / x.rolling_mean(n) - 1).alias(f"ma{n}") for n in AVERAGES),
        (z > stress_z).cast(pl.Float64).alias("stress"),
    )
    filled = frame.select(pl.when(pl.all().is_finite()).then(pl.all()).otherwise(0.0))
    return filled.to_numpy().astype(np.float64)


def _as_of(
    daily: FloatArray, available_at: npt.NDArray[np.int64], ts: npt.NDArray[np.int64], age_cap_days: float
) -> FloatArray:
    """Return the latest published row at each bar with age and known flag appended, [T, 8]."""
    row = np.searchsorted(available_at, ts, side="right") - 1
    known = row >= 0
    out = np.zeros((len(ts), daily.shape[1] + 2))
    out[known, :-2] = daily[row[known]]
    days = (ts[known] - available_at[row[known]]) / MICROSECONDS_PER_DAY
    out[known, -2] = np.minimum(days, age_cap_days) / age_cap_days
    out[known, -1] = 1.0
    return out
