"""Features, column by column: recomputed with another future."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ploutos.audit.perturb import KINDS, perturbed_bars
from ploutos.audit.report import Section
from ploutos.audit.tally import Tally
from ploutos.panel.align import delistings
from ploutos.panel.blocks import FeatureSet, feature_array, in_memory
from ploutos.types import Bars

MARGIN = 64  # rows of a slice beside the warm-up, on both sides

Axis = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class MarketData:
    """The bars that are audited, on the panel's axes."""

    bars: Bars
    ts: Axis
    tickers: tuple[str, ...]

    def delist_bar(self) -> npt.NDArray[np.int32]:
        """Return the row at which each ticker is paid out, -1 never."""
        return delistings(self.bars, self.ts, self.tickers)[0]

    def rows(self, start: int, stop: int) -> "MarketData":
        """Return the bars of rows [start, stop)."""
        first, last = int(self.ts[start]), int(self.ts[stop - 1])
        at = self.bars.frame["ts"].dt.timestamp("us")
        frame = self.bars.frame.filter((at >= first) & (at <= last))
        gone = self.bars.delistings
        ends = gone["ts"].dt.timestamp("us")
        kept = gone.filter((ends >= first) & (ends <= last))
        return MarketData(
            bars=replace(self.bars, frame=frame, delistings=kept, expected_return=None),
            ts=self.ts[start:stop],
            tickers=self.tickers,
        )

    def changed(self, row: int, kind: str, seed: int) -> "MarketData":
        """Return the data with everything after `row` changed; "truncate" shortens the axis as well."""
        rng = np.random.default_rng([seed, row, KINDS.index(kind)])
        bars = perturbed_bars(self.bars, int(self.ts[row]), kind, rng)
        return replace(self, bars=bars, ts=self.ts[: row + 1] if kind == "truncate" else self.ts)


def feature_values(features: FeatureSet, data: MarketData) -> npt.NDArray[np.float32]:
    """Return the features [T, N, F] as the panel would hold them."""
    return feature_array(features, data.bars, data.ts, data.tickers, data.delist_bar(), in_memory)[0]


def audit_features(
    features: FeatureSet,
    data: MarketData,
    cuts: Sequence[int],
    *,
    whole: int,
    seed: int,
    glances: Sequence[int] = (),
) -> Section:
    """Compare every column up to each cut.

    The first `whole` cuts are computed on all rows, which finds statistics of the whole sample; the others on
    a stretch around the cut, which finds a look-ahead of up to the warm-up + 64 bars. At `glances`, further
    cuts, one change is tried in turn.
    """
    tally, names = Tally("features"), features.names(data.bars.signals)
    tally.columns.update(names)
    around = features.warmup_bars + MARGIN
    everything = feature_values(features, data)
    tally.repeat(names, everything, feature_values(features, data))
    for place, cut in enumerate((*cuts, *glances)):
        part, row, base = data, cut, everything
        if place >= whole:
            start = max(cut - around - features.warmup_bars, 0)
            part, row = data.rows(start, min(cut + around, len(data.ts))), cut - start
            base = feature_values(features, part)
        for kind in KINDS if place < len(cuts) else (KINDS[place % len(KINDS)],):
            found = tally.attempt(kind, feature_values, features, part.changed(row, kind, seed))
            if found is not None:
                tally.compare(names, base, found, part.ts, row, kind)
    return tally.section()
