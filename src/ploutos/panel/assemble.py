"""Build a panel in memory from bars, and turn a panel back into bars."""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.panel.actions import corporate_actions
from ploutos.panel.align import align_expected, align_prices, axes, delistings
from ploutos.panel.blocks import Allocate, FeatureSet, feature_array, in_memory
from ploutos.panel.panel import Panel
from ploutos.panel.slots import assign_slots, slot_arrays
from ploutos.types import Bars, DataError
from ploutos.types.fields import OPEN
from ploutos.types.session import SessionClock


class Universe(Protocol):
    """Says who is in, at each bar."""

    def membership_and_report(
        self, bars: Bars, ts: npt.NDArray[np.int64], tickers: tuple[str, ...]
    ) -> tuple[npt.NDArray[np.bool_], dict[str, Any]]:
        """Return membership [T, N] and what a person wants to know of it, JSON-ready."""
        ...

    def fingerprint(self) -> dict[str, Any]:
        """Return what decides the membership, JSON-ready."""
        ...


class Macro(Protocol):
    """Market-wide columns known at each bar."""

    def columns(self, ts: npt.NDArray[np.int64]) -> tuple[tuple[str, ...], npt.NDArray[np.float32]]:
        """Return names (M) and values [T, M] without NaN."""
        ...

    def fingerprint(self) -> dict[str, Any]:
        """Return what decides the columns, JSON-ready."""
        ...


def assemble(
    bars: Bars,
    universe: Universe,
    features: FeatureSet,
    macro: Macro,
    *,
    clock: SessionClock,
    slots: int | None = None,
    allocate: Allocate = in_memory,
) -> Panel:
    """Build a panel, its large arrays where `allocate` says. Its `hash` is empty until it is stored.

    `slots` is how many names an environment shows at once; None: as many as the universe has at most.

    Raises
    ------
    DataError
        Bars that are empty, unsorted or contradicted by their delistings; macro columns with NaN.
    """
    if bars.frame.is_empty():
        raise DataError("panel: the source has no bars")
    ts, tickers = axes(bars.frame)
    delist_bar, delist_return = delistings(bars, ts, tickers)
    actions = corporate_actions(bars, ts, tickers)
    prices = align_prices(bars.frame, ts, tickers, allocate("prices", (len(ts), 5, len(tickers)), np.float64))
    values, known = feature_array(features, bars, ts, tickers, delist_bar, allocate)
    wanted, report = universe.membership_and_report(bars, ts, tickers)
    member = wanted & known
    shown = assign_slots(wanted, np.isfinite(prices[:, OPEN]), delist_bar, slots)
    macro_names, macro_values = macro.columns(ts)
    if not np.isfinite(macro_values).all():
        raise DataError("panel: a macro column holds NaN or infinity")
    return Panel(
        hash="",
        clock=clock,
        ts=ts,
        tickers=tickers,
        feature_names=features.names(bars.signals),
        macro_names=tuple(macro_names),
        features=values,
        prices=prices,
        member=member,
        macro=np.ascontiguousarray(macro_values, dtype=np.float32),
        delist_bar=delist_bar,
        delist_return=delist_return,
        **actions,
        **slot_arrays(shown, values, prices, member, allocate),
        expected_return=align_expected(bars.expected_return, ts, tickers),
        signals=bars.signals,
        quality=bars.quality
        | {"panel": coverage(prices[:, OPEN], member, delist_bar, tickers), "universe": report},
    )


def coverage(
    opens: npt.NDArray[np.float64],
    member: npt.NDArray[np.bool_],
    delist_bar: npt.NDArray[np.int32],
    tickers: tuple[str, ...],
) -> dict[str, Any]:
    """Return the counts that the panel adds to the data-quality report.

    `silent_ends` names tickers whose bars stop before the last row without a delisting: their last close and
    features are carried to the end and they cannot be traded there.
    """
    traded = np.isfinite(opens)
    rows = len(opens)
    last = rows - 1 - traded[::-1].argmax(axis=0)
    silent = (last < rows - 1) & (delist_bar < 0)
    inside = np.arange(rows)[:, None] >= traded.argmax(axis=0)
    inside &= np.arange(rows)[:, None] <= last
    return {
        "rows": rows,
        "tickers": len(tickers),
        "bars": int(traded.sum()),
        "gap_cells": int((inside & ~traded).sum()),
        "member_cells": int(member.sum()),
        "delisted": int((delist_bar >= 0).sum()),
        "silent_ends": [tickers[n] for n in np.flatnonzero(silent)],
    }


def panel_bars(panel: Panel, rows: slice) -> Bars:
    """Return the long bars of `rows`: one row where a ticker has a bar, with its signals (from float32)."""
    start, stop, _ = rows.indices(len(panel.ts))
    n, t = np.nonzero(np.isfinite(panel.open[start:stop]).T)
    t = t + start
    offset = len(panel.feature_names) - len(panel.signals)
    columns: dict[str, Any] = {
        "ts": pl.Series(panel.ts[t]).cast(pl.Datetime("us", "UTC")),
        "ticker": pl.Series(panel.tickers, dtype=pl.String).gather(n),
        **{name: getattr(panel, name)[t, n] for name in ("open", "high", "low", "close", "volume")},
        **{name: panel.features[t, n, offset + k] for k, name in enumerate(panel.signals)},
    }
    frame = pl.DataFrame(columns)
    expected = None
    if panel.expected_return is not None:
        truth = pl.Series("expected_return", panel.expected_return[t, n])
        expected = frame.select("ts", "ticker").with_columns(truth).filter(truth.is_not_nan())
    return Bars(
        frame=frame,
        signals=panel.signals,
        delistings=_delistings_within(panel, start, stop),
        actions=_actions_within(panel, start, stop),
        expected_return=expected,
    )


def _actions_within(panel: Panel, start: int, stop: int) -> pl.DataFrame:
    """Return the splits and dividends that take effect in rows [start, stop)."""
    kept = (start <= panel.action_bar) & (panel.action_bar < stop)
    table = pl.DataFrame(
        {
            "ticker": pl.Series([panel.tickers[n] for n in panel.action_asset[kept]], dtype=pl.String),
            "ts": pl.Series(panel.ts[panel.action_bar[kept]], dtype=pl.Int64).cast(pl.Datetime("us", "UTC")),
            "split": pl.Series(panel.action_split[kept], dtype=pl.Float64),
            "dividend": pl.Series(panel.action_dividend[kept], dtype=pl.Float64),
        }
    )
    return table.sort("ticker", "ts")


def _delistings_within(panel: Panel, start: int, stop: int) -> pl.DataFrame:
    """Return the delistings whose last bar lies in rows [start, stop)."""
    gone = [n for n, bar in enumerate(panel.delist_bar) if start < bar <= stop]
    last = panel.ts[panel.delist_bar[gone] - 1]
    return pl.DataFrame(
        {
            "ticker": pl.Series([panel.tickers[n] for n in gone], dtype=pl.String),
            "ts": pl.Series(last, dtype=pl.Int64).cast(pl.Datetime("us", "UTC")),
            "delisting_return": pl.Series(panel.delist_return[gone], dtype=pl.Float64),
        }
    )


def start_of_history(panel: Panel, features: FeatureSet, row: int) -> int:
    """Return a row such that `features` recomputed on bars from there equal those from `row` on.

    A feature set whose values depend on more rows than it needs to warm up has `memory_bars`, and one that
    reads the market's return `reads_market` (see `ByTicker`); a set around another one hands them on.
    """
    memory = getattr(features, "memory_bars", features.warmup_bars)
    first = first_row_of_history(panel, row, memory)
    # The market's return at the first row is made of all tickers' returns since their bars before.
    return first_row_of_history(panel, first, 1) if getattr(features, "reads_market", False) else first


def first_row_of_history(panel: Panel, row: int, own_bars: int) -> int:
    """Return the latest row such that `own_bars` bars of each ticker precede the ones shown from `row` on.

    A count of market rows would not do: windows count a ticker's own bars, and a ticker in a gap at `row`
    shows the values of its last bar, which need their history (and, ranked, that of all others) in turn.
    """
    traded = np.isfinite(panel.open)
    ended = (panel.delist_bar >= 0) & (panel.delist_bar <= row)
    begun = traded[: row + 1].any(axis=0) & ~ended
    last = row - traded[row::-1].argmax(axis=0)
    anchor = int(last[begun].min(initial=row))
    alive = traded[anchor:].any(axis=0)
    before = traded[:anchor, alive]
    since = np.cumsum(before[::-1], axis=0)[::-1]  # own bars from each row up to the anchor
    enough = (since >= np.minimum(own_bars, before.sum(axis=0))).all(axis=1)
    return int(enough.sum()) - 1 if own_bars and len(before) else anchor
