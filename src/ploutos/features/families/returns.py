"""Returns and momentum: where the price came from."""

from collections.abc import Sequence

from ploutos.features.feature import CLOSE, OPEN, Feature
from ploutos.features.window import lag


def returns(bars: Sequence[int], momentum_bars: int) -> list[Feature]:
    """Return log returns over each of `bars`, a long one, and the jump from the last close to the open."""
    features = [Feature(f"return_{n}", (CLOSE / lag(CLOSE, n)).log(), n) for n in bars]
    return [
        *features,
        Feature(f"momentum_{momentum_bars}", (CLOSE / lag(CLOSE, momentum_bars)).log(), momentum_bars),
        Feature("gap_1", (OPEN / lag(CLOSE, 1)).log(), 1),
    ]
