"""A policy that knows what to expect: it recognises the bar by the signals that it sees."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.agent.oracle_family import Candidate, aims, targets
from ploutos.agent.oracle_tuning import allowed, truth_of
from ploutos.env.market import Market
from ploutos.env.portfolio import Portfolio
from ploutos.types import Action, DataError

Single = npt.NDArray[np.float32]
ROWS_AT_ONCE = 4096


class OraclePolicy:
    """A member of the family on one market; stateless, for any window, batch or order of bars.

    An observation tells which bar it is by the signals that it shows, which price noise leaves alone.
    """

    def __init__(self, chosen: Candidate, environment: Portfolio, market: Market) -> None:
        self.chosen = chosen
        self.layout = environment.layout(market)
        self.allowed = allowed(environment)
        truth = truth_of(market)
        self.expected = truth.expected_return
        width = len(market.feature_names)
        self.columns = slice(width - truth.signals if truth.signals else 0, width)
        self.shown = market.features[0]
        self.member = market.member
        numbers = np.random.default_rng(0)
        shape = (market.assets, self.columns.stop - self.columns.start)
        self.factors = numbers.integers(0, 2**64, shape, np.uint64) | np.uint64(1)
        starts = range(0, len(self.shown), ROWS_AT_ONCE)
        keys = np.concatenate([self._keys(self._signals(slice(s, s + ROWS_AT_ONCE))) for s in starts])
        self.order = np.argsort(keys, kind="stable")
        self.keys = keys[self.order]

    def reset(self, batch: int) -> None:
        """Return no state: the observation tells everything."""

    def act(self, observation: Single, state: Any) -> Action:
        """Go `rate` of the way to the softmax of what is expected of the next bar."""
        member = self.layout.asset_state(observation, "member") > 0
        weight = self.layout.asset_state(observation, "weight").astype(np.float64)
        chosen = self.chosen
        expected = self.expected[self.rows(observation)]
        aim = aims(expected, member, np.array(chosen.temperature_bps), self.allowed)
        wanted = targets(aim, weight, member, np.array(chosen.rate), np.array(chosen.band))
        return Action(wanted, wanted, np.ones(wanted.shape), state)

    def rows(self, observation: Single) -> npt.NDArray[np.int64]:
        """Return the market's row that each observation [B, D] shows."""
        seen = np.ascontiguousarray(self.layout.features(observation)[:, :, self.columns])
        place = np.minimum(np.searchsorted(self.keys, self._keys(seen)), len(self.keys) - 1)
        rows = self.order[place]
        if not np.array_equal(self._signals(rows), seen):
            raise DataError("oracle: the observation shows no bar of the market that the policy was made for")
        return np.asarray(rows)

    def save(self, folder: Path) -> None:
        """Write the settings and the layout; the truth stays with the data."""
        folder.mkdir(parents=True, exist_ok=True)
        about = {"oracle": self.chosen.as_dict(), "layout": self.layout.as_dict()}
        (folder / "policy.json").write_text(json.dumps(about))

    def _signals(self, rows: slice | npt.NDArray[np.int64]) -> Single:
        """Return what observations of `rows` show [R, N, S]."""
        shown = self.shown[rows][:, :, self.columns]
        return np.where(self.member[rows][:, :, None], shown, np.float32(0.0))

    def _keys(self, signals: Single) -> npt.NDArray[np.uint64]:
        """Return a hash [R] of the bits of `signals` [R, N, S]."""
        bits = np.ascontiguousarray(signals).view(np.uint32).astype(np.uint64)
        mixed = (bits * self.factors).sum(axis=(1, 2), dtype=np.uint64)
        return np.asarray(mixed)
