"""Which synthetic names vanish, when, and what their holders get."""

import numpy as np
import numpy.typing as npt

from ploutos.data.synthetic_random import FloatArray, Stream, generator
from ploutos.data.synthetic_settings import Delisting
from ploutos.types.session import WEEKDAYS_PER_YEAR

SURVIVORS = 2
"""At least this many assets live to the end, so that there is always a market."""


def draw_delistings(
    seed: int, assets: int, sessions: int, settings: Delisting
) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Return the last session of each asset [N] and its delisting return [N].

    Lifetimes are exponential. An asset that lives to the last session is not delisted: its return is 0.
    """
    rng = generator(seed, Stream.DELISTING)
    lifetime = rng.standard_exponential(assets)
    payout = rng.uniform(settings.return_low, settings.return_high, assets)
    last = np.full(assets, sessions - 1, dtype=np.int64)
    if settings.per_year > 0:
        days = np.floor(lifetime * WEEKDAYS_PER_YEAR / settings.per_year)
        last = np.minimum(days, sessions - 1).astype(np.int64)
        last[np.argsort(-lifetime, kind="stable")[:SURVIVORS]] = sessions - 1
    return last, np.where(last < sessions - 1, payout, 0.0)
