"""Scales a policy's exposure by the probabilities of market regimes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.env.layout import Layout
from ploutos.types import Action, Policy, one_of

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class OverlayState:
    """State of the policy beneath; the scale in force [B]; what it wants to hold, NaN: unsaid [B, N]."""

    inner: Any
    scale: Floats
    held: Floats


class RegimeOverlay:
    """A policy whose target weights are multiplied by `sum over states of P(state) x exposure(state)`.

    The scale in force changes only when it would change by more than `band`, so that small moves of the
    probabilities do not trade. Where the policy beneath holds, nothing is traded while the scale stays; when
    it changes, the holding is scaled from the old to the new one. Holdings that an earlier fold's policy left
    stay as they are until this one decides on them or the scale is 0. Votes and confidence are the policy's.

    Parameters
    ----------
    layout : of the observation; its macro columns hold the probabilities.
    exposure : by macro column, >= 0.
    band : >= 0.
    """

    def __init__(self, policy: Policy, layout: Layout, *, exposure: dict[str, float], band: float) -> None:
        for name in exposure:
            if name not in layout.macro_names:
                raise one_of("regime overlay: column", name, layout.macro_names)
        self.policy = policy
        self.layout = layout
        self.places = [layout.macro_names.index(name) for name in exposure]
        self.exposure = np.array(list(exposure.values()))
        self.band = band

    def reset(self, batch: int) -> OverlayState:
        """Return the policy's initial state; it has said nothing and nothing is scaled."""
        held = np.full((batch, self.layout.assets), np.nan)
        return OverlayState(self.policy.reset(batch), np.full(batch, np.nan), held)

    def act(self, observation: npt.NDArray[np.float32], state: OverlayState) -> Action:
        """Ask the policy and scale what it wants."""
        decided = self.policy.act(observation, state.inner)
        probability = self.layout.macro(observation)[:, self.places].astype(np.float64)
        # Element by element, not as a matrix product: the last bit must not depend on the batch.
        wanted = sum(probability[:, k] * value for k, value in enumerate(self.exposure))
        before = np.where(np.isnan(state.scale), wanted, state.scale)
        stays = np.abs(wanted - before) <= self.band
        scale = np.where(stays, before, wanted)
        weight = self.layout.asset_state(observation, "weight").astype(np.float64)
        # A scale of 0 leaves no holding to read it from: what was held before is remembered.
        nothing = (before == 0)[:, None]
        unscaled = weight / np.where(nothing, 1.0, before[:, None])
        held = np.where(nothing | np.isnan(state.held), state.held, unscaled)
        kept = np.where(stays[:, None], np.nan, held * scale[:, None])
        kept = np.where((scale == 0)[:, None], 0.0, kept)
        targets = np.where(np.isnan(decided.target_weights), kept, decided.target_weights * scale[:, None])
        held = np.where(np.isnan(decided.target_weights), held, decided.target_weights)
        return Action(decided.value, targets, decided.confidence, OverlayState(decided.state, scale, held))

    def save(self, folder: Path) -> None:
        """Save the policy beneath; exposures are stored with the regime."""
        self.policy.save(folder)
