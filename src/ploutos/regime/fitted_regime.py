"""A regime model that has been fitted: columns for any panel, and its JSON description."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.panel.panel import Panel
from ploutos.regime.filter import filtered
from ploutos.regime.model import GaussianHmm
from ploutos.regime.observations import Inputs, observe
from ploutos.types import ConfigError, DataError

FILE = "regime.json"
PREFIX = "regime_"

Columns = tuple[tuple[str, ...], npt.NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedRegime:
    """A model with the statistics of its training window; it reads a panel's past and nothing else.

    Attributes
    ----------
    states : K names, see `states.ordered`.
    model : in the order of `states`.
    inputs : the D series.
    center, scale : [D] mean and deviation of the series over the training window.
    exposure : by state, what target weights are multiplied by; None leaves them alone.
    exposure_band : smaller changes of that factor are not traded.
    record : how it was fitted, JSON-ready; for people.
    """

    states: tuple[str, ...]
    model: GaussianHmm
    inputs: Inputs
    center: npt.NDArray[np.float64]
    scale: npt.NDArray[np.float64]
    exposure: dict[str, float] | None
    exposure_band: float
    record: dict[str, Any]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the K columns."""
        return tuple(PREFIX + state for state in self.states)

    def columns(self, panel: Panel) -> Columns:
        """Return names (K) and P(state | what is known at the bar) [T, K] float32.

        Bars inside a session show what was known at the end of the session before, its last bar shows the
        session itself (see `SessionEnds.closing`), and rows before the first observation the model's
        stationary distribution.
        """
        ends, values = observe(panel, self.inputs, slice(0, len(panel.ts)))
        known = np.asarray(np.isfinite(values).all(axis=1))
        first = int(known.argmax()) if known.any() else len(known)
        found = filtered(
            (values[first:] - self.center) / self.scale,
            ends.final[first:],
            start=self.model.start,
            transition=self.model.transition,
            means=self.model.means,
            covariances=self.model.covariances,
        )
        # Place 0 stands for "before all", place 1 + e for row e of the ends.
        table = np.concatenate([np.tile(self.model.start, (first + 1, 1)), found]).astype(np.float32)
        finals = np.flatnonzero(ends.final)
        place = np.append(0, 1 + finals)[ends.session]  # of the session before each bar
        looks_final = ends.closing[ends.row]
        place[ends.row[looks_final]] = 1 + np.flatnonzero(looks_final)
        return self.names, table[place]

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready description that `from_dict` reads back exactly."""
        return {
            "states": list(self.states),
            "model": self.model.as_dict(),
            "inputs": self.inputs.as_dict(),
            "center": self.center.tolist(),
            "scale": self.scale.tolist(),
            "exposure": self.exposure,
            "exposure_band": self.exposure_band,
            "record": self.record,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "FittedRegime":
        """Return the model that `as_dict` described.

        Raises
        ------
        DataError
            Something is missing or of the wrong kind.
        """
        try:
            made = cls(
                states=tuple(map(str, stored["states"])),
                model=GaussianHmm.from_dict(stored["model"]),
                inputs=Inputs.from_dict(stored["inputs"]),
                center=np.array(stored["center"], np.float64),
                scale=np.array(stored["scale"], np.float64),
                exposure=stored["exposure"],
                exposure_band=float(stored["exposure_band"]),
                record=dict(stored["record"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"regime: not a fitted regime: {type(error).__name__} {error}") from error
        width = len(made.inputs.names)
        if made.model.means.shape != (len(made.states), width) or {
            made.center.shape,
            made.scale.shape,
        } != {(width,)}:
            raise DataError(f"regime: {len(made.states)} states of {width} series do not fit its parameters")
        return made

    def save(self, folder: Path) -> None:
        """Write `regime.json` into `folder`."""
        (folder / FILE).write_text(json.dumps(self.as_dict(), indent=1))


def load_regime(folder: Path) -> FittedRegime | None:
    """Return the regime stored with a policy in `folder`, None where it was trained without one."""
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        stored = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    return FittedRegime.from_dict(stored)


def common(regimes: "list[FittedRegime | None]") -> FittedRegime | None:
    """Return what the members of a council share; refuses members that look at different regimes."""
    descriptions = {json.dumps(None if r is None else r.as_dict(), sort_keys=True) for r in regimes}
    if len(descriptions) > 1:
        raise ConfigError("regime: the members of a council were trained with different regimes; train again")
    return regimes[0] if regimes else None
