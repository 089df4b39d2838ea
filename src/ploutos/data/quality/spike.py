"""Prices too far from the believed ones to be traded at."""

from typing import Annotated, Any, Literal

import numpy as np
import polars as pl
from pydantic import Field

from ploutos.data.quality.finding import VALUES, Action, Finding, Judgement, Severity, finding, refusal
from ploutos.data.quality.levels import BARRED, SHIFTED, SPIKE, Belief, Flags, Floats, walk
from ploutos.data.quality.wick import Wicks, cut, wicks
from ploutos.types import ConfigError, PositiveInt, checked
from ploutos.types.bars import PRICE_COLUMNS

Factor = Annotated[float, Field(gt=1, allow_inf_nan=False)]
DAY_US = 86_400_000_000
FROM = "believed_close"


class Spike:
    """Closes that jump, judged as `levels.walk` says, and bars that reach too far from their closes.

    Nothing after a bar takes part in judging it: a one-bar tick is masked when it comes, a level that stays
    is believed from the next bar on. A jump that `splits` explain is none.

    Parameters
    ----------
    action : what to do with a close that is not believed (yet).
    factor, confirm_bars, rise_limit, settle_bars : see `levels.Belief`.
    forget_days : after so many days without a bar any price is believed: the name may be another company's.
    wick_action : what to do with a bar whose open, high or low is too far out; "repaired" cuts such a high
        or low back to open and close, and masks the bar if its open itself is too far out.
    wick_factor : how many times above the higher or below the lower of this close and the believed close
        before it an open, high or low may lie.
    """

    name = "spike"
    severity: Severity = "error"

    @checked
    def __init__(
        self,
        *,
        action: Judgement,
        factor: Factor,
        confirm_bars: PositiveInt,
        rise_limit: Factor,
        settle_bars: PositiveInt,
        forget_days: PositiveInt,
        wick_action: Literal["kept", "masked", "repaired", "refused"],
        wick_factor: Factor,
    ) -> None:
        if rise_limit < factor:
            raise ConfigError(f"spike: rise_limit {rise_limit:g} is below factor {factor:g}")
        self.action = action
        self.factor = float(factor)
        self.confirm_bars = int(confirm_bars)
        self.rise_limit = float(rise_limit)
        self.settle_bars = int(settle_bars)
        self.forget_days = int(forget_days)
        self.wick_action = wick_action
        self.wick_factor = float(wick_factor)

    def apply(
        self, frame: pl.DataFrame, *, file: str, splits: pl.DataFrame | None
    ) -> tuple[pl.DataFrame, list[Finding]]:
        """Judge the bars of a frame sorted by (ticker, ts), prices > 0, `ts` Datetime[us, UTC].

        `splits` has `ticker`, `ts`, `split` (new shares for one old), in effect from the first bar that
        closes at or after `ts`. Findings: `spike`; `rise_limit`, bars of a level that stays but is never
        believed; `level_shift`, the first believed bar of a new level, which is kept; `wick`. Examples carry
        the last `believed_close`, in the units of the bar.
        """
        first = _first_rows(frame)
        factors = _split_factors(frame, first, splits)
        close = frame["close"].to_numpy() * factors
        silent = self._silent(frame, first)
        belief = Belief(
            factor=self.factor,
            confirm_bars=self.confirm_bars,
            rise_limit=self.rise_limit,
            settle_bars=self.settle_bars,
        )
        codes, anchor = walk(close, first | silent, belief)
        before = np.roll(close, 1)
        spikes = (codes == SPIKE) | (codes == BARRED)
        level = np.where(codes == SHIFTED, before, anchor)
        reach = wicks(frame, close / factors, level / factors, self.wick_factor).among(~spikes)
        shifts = (codes == SHIFTED) | self._changed(close, silent)
        shown = np.where(silent, before, anchor) / factors
        self._refuse(frame, spikes, reach, shown, file)
        findings = [
            self._found(frame, codes == SPIKE, self.action, "spike", shown, self.factor),
            self._found(frame, codes == BARRED, self.action, "rise_limit", shown, self.rise_limit),
            self._found(frame, shifts, "kept", "level_shift", shown, self.factor),
            *self._found_wicks(frame, reach, shown),
        ]
        masked = spikes if self.action == "masked" else np.zeros_like(spikes)
        if self.wick_action == "repaired":
            frame, masked = cut(frame, reach), masked | reach.open
        elif self.wick_action == "masked":
            masked = masked | reach.any
        return (frame.filter(pl.Series(~masked)) if masked.any() else frame), findings

    def _silent(self, frame: pl.DataFrame, first: Flags) -> Flags:
        ts = frame["ts"].dt.timestamp("us").to_numpy()
        return ~first & (np.diff(ts, prepend=ts[:1]) > self.forget_days * DAY_US)

    def _changed(self, close: Floats, silent: Flags) -> Flags:
        """Return the rows after a silence whose price is another; there is no level to hold against it."""
        before = np.roll(close, 1)
        return silent & (np.maximum(close, before) > self.factor * np.minimum(close, before))

    def _refuse(self, frame: pl.DataFrame, spikes: Flags, reach: Wicks, shown: Floats, file: str) -> None:
        for bad, action, say in ((spikes, self.action, _say_spike), (reach.any, self.wick_action, _say_wick)):
            if action == "refused" and bad.any():
                row = int(np.argmax(bad))
                values = frame.row(row, named=True) | {FROM: float(shown[row])}
                raise refusal(file, values, say)

    def _found(
        self, frame: pl.DataFrame, bad: Flags, action: Action, name: str, shown: Floats, threshold: float
    ) -> Finding:
        rows = np.flatnonzero(bad)
        marked = frame[rows].with_columns(pl.Series(FROM, shown[rows]))
        return finding(self, marked, action=action, threshold=threshold, columns=(*VALUES, FROM), name=name)

    def _found_wicks(self, frame: pl.DataFrame, reach: Wicks, shown: Floats) -> list[Finding]:
        factor = self.wick_factor
        if self.wick_action != "repaired":
            return [self._found(frame, reach.any, self.wick_action, "wick", shown, factor)]
        found = [self._found(frame, reach.any & ~reach.open, "repaired", "wick", shown, factor)]
        if reach.open.any():
            found.append(self._found(frame, reach.open, "masked", "wick", shown, factor))
        return found


def _first_rows(frame: pl.DataFrame) -> Flags:
    changed = frame.select((pl.col("ticker") != pl.col("ticker").shift(1)).fill_null(True).alias("first"))
    return changed["first"].to_numpy().copy()


def _split_factors(frame: pl.DataFrame, first: Flags, splits: pl.DataFrame | None) -> Floats:
    """Return [R] shares that one share of the ticker's first bar has become."""
    factors = np.ones(frame.height)
    if splits is None or splits.is_empty():
        return factors
    begins = np.flatnonzero(first)
    ends = np.append(begins, frame.height)[1:]
    span = dict(zip(frame["ticker"].gather(begins).to_list(), zip(begins, ends, strict=True), strict=True))
    ts = frame["ts"].dt.timestamp("us").to_numpy()
    changes = splits.filter(pl.col("split") != 1).with_columns(pl.col("ts").dt.timestamp("us"))
    for ticker, when, split in changes.select("ticker", "ts", "split").iter_rows():
        if ticker in span:
            begin, end = span[ticker]
            factors[begin + np.searchsorted(ts[begin:end], when) : end] *= split
    return factors


def _say_spike(row: dict[str, Any]) -> str:
    return f"close {row['close']:g} is {row['close'] / row[FROM]:.3g} times the last believed {row[FROM]:g}"


def _say_wick(row: dict[str, Any]) -> str:
    prices = ", ".join(f"{name} {row[name]:g}" for name in PRICE_COLUMNS)
    return f"{prices}: too far from each other, the last believed close is {row[FROM]:g}"
