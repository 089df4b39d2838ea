"""Names of states, from their moments."""

import numpy as np
import numpy.typing as npt

BULL, NEUTRAL, CALM, BEAR, VOLATILE = "bull", "neutral", "calm", "bear", "volatile"
# By number of states, in the order of columns.
NAMES = {
    2: (BULL, BEAR),
    3: (BULL, BEAR, VOLATILE),
    4: (BULL, CALM, BEAR, VOLATILE),
    5: (BULL, NEUTRAL, CALM, BEAR, VOLATILE),
}


def ordered(
    mean: npt.NDArray[np.float64], volatility: npt.NDArray[np.float64]
) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    """Return the names of K states and which state has each, [K], from the moments of the session's return.

    1. Of three or more states the one with the largest volatility is `volatile`.
    2. Of four or more the one with the smallest volatility is `calm`.
    3. Of the rest the largest mean is `bull`, the smallest `bear`, one between them `neutral`.

    Volatility comes first because it is known far better: after n sessions the relative error of a deviation
    is about 1 / sqrt(2n), that of a daily mean is many times itself. Ties keep the order of the states.
    """
    names = NAMES[len(mean)]
    left = list(np.argsort(volatility, kind="stable"))
    found: dict[str, int] = {}
    if VOLATILE in names:
        found[VOLATILE] = left.pop()
    if CALM in names:
        found[CALM] = left.pop(0)
    left.sort(key=lambda state: -mean[state])
    found |= dict(zip([name for name in names if name not in found], left, strict=True))
    return names, np.array([found[name] for name in names], np.int64)
