"""What a synthetic market knows of its own future; observations never show it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ploutos.execution.tape import read_only
from ploutos.panel.panel import Panel
from ploutos.panel.slots import fill_slots


@dataclass(frozen=True, eq=False)
class Truth:
    """Conditional expected returns, for policies that measure what there is to earn.

    Attributes
    ----------
    expected_return : [T, N] simple return of the next bar, NaN where unknown.
    signals : how many of the features, counted from the last, the source supplied.
    """

    expected_return: npt.NDArray[np.float64]
    signals: int

    @classmethod
    def of(cls, panel: Panel) -> "Truth | None":
        """Return what `panel` holds, as environments show its names; None where it holds nothing."""
        expected = panel.expected_return
        if expected is None:
            return None
        if panel.slot_asset is not None:
            shown = np.empty(panel.slot_asset.shape)
            fill_slots(expected, panel.slot_asset, np.nan, shown, 1)
            expected = shown
        return cls(read_only(expected), len(panel.signals))
