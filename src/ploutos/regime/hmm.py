"""Market states as a Gaussian hidden Markov model, fitted on the training window alone."""

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from ploutos.panel.panel import Panel
from ploutos.regime.baum_welch import Candidate, Settings, best_of_starts
from ploutos.regime.fitted_regime import FittedRegime
from ploutos.regime.observations import RETURN, SERIES, VOLATILITY, Inputs, observe, require_varied
from ploutos.regime.states import NAMES, ordered
from ploutos.types import (
    ConfigError,
    Fraction,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    checked,
    one_of,
)

States = Annotated[int, Field(ge=2, le=5)]


class Hmm:
    """Fits 2 to 5 states to session series of the market; the Bayesian information criterion says how many.

    Settings are explained beside their values in `conf/regime/hmm.yaml`, series in `Inputs`, names in
    `states.ordered`, how a model is found in `baum_welch`.
    """

    @checked
    def __init__(
        self,
        *,
        series: tuple[str, ...],
        macro: tuple[str, ...],
        volatility_sessions: PositiveInt,
        min_states: States,
        max_states: States,
        covariance: Literal["diag", "full"],
        starts: PositiveInt,
        seed: NonNegativeInt,
        max_iterations: PositiveInt,
        tolerance: PositiveFloat,
        min_share: Fraction,
        min_sessions: Annotated[int, Field(ge=20)],
        exposure: dict[str, NonNegativeFloat] | None,
        exposure_band: NonNegativeFloat,
    ) -> None:
        for name in series:
            if name not in SERIES:
                raise one_of("regime.series", name, SERIES)
        if RETURN not in series:
            raise ConfigError(
                f"regime.series: {list(series)} lacks '{RETURN}', whose moments name the states"
            )
        if len({*series, *macro}) < len(series) + len(macro):
            raise ConfigError(f"regime: a series stands twice in {[*series, *macro]}")
        if min_states > max_states:
            raise ConfigError(f"regime.min_states: {min_states} is above regime.max_states={max_states}")
        self.numbers = range(min_states, max_states + 1)
        if exposure is not None:
            _check_exposure(exposure, self.numbers)
        self.inputs = Inputs(tuple(series), tuple(macro), volatility_sessions)
        overlap = volatility_sessions if VOLATILITY in series else 1
        self.settings = Settings(covariance, starts, seed, max_iterations, tolerance, min_share, overlap)
        self.min_sessions = min_sessions
        self.exposure = exposure
        self.exposure_band = exposure_band

    def check(self, panel: Panel) -> None:
        """Refuse a panel that lacks a macro column."""
        self.inputs.check(panel)

    def require_room(self, panel: Panel, rows: slice) -> None:
        """Refuse training `rows` with too few sessions, before anything runs."""
        self._training_values(panel, rows)

    def _training_values(self, panel: Panel, rows: slice) -> npt.NDArray[np.float64]:
        """Return the series of the sessions of `rows` in which all are known, [R, D]."""
        ends, seen = observe(panel, self.inputs, rows)
        ended = ends.final.copy()
        ended[-1] &= ends.closing[ends.row[-1]]  # the window may end inside a session
        values = seen[ended]
        values = values[~np.isnan(values).any(axis=1)]
        if len(values) < self.min_sessions:
            raise ConfigError(
                f"regime.min_sessions: {len(values)} sessions to fit on, {self.min_sessions} are asked for"
            )
        require_varied(values, self.inputs)
        return values

    def fit(self, panel: Panel, rows: slice) -> FittedRegime | None:
        """Return the model of the training `rows`; nothing outside them is read.

        Raises
        ------
        ConfigError
            Too few sessions, a series that does not vary in them, or no model whose states all keep
            `min_share` of them.
        """
        values = self._training_values(panel, rows)
        center, scale = values.mean(axis=0), values.std(axis=0)
        tried = {
            states: best_of_starts((values - center) / scale, states, self.settings)
            for states in self.numbers
        }
        best = self._choose(tried, len(values))
        moment = self.inputs.names.index(RETURN)
        mean = best.model.means[:, moment] * scale[moment] + center[moment]
        deviation = np.sqrt(best.model.covariances[:, moment, moment]) * scale[moment]
        names, order = ordered(mean, deviation)
        return FittedRegime(
            states=names,
            model=best.model.in_order(order),
            inputs=self.inputs,
            center=center,
            scale=scale,
            exposure=self._exposure_of(names),
            exposure_band=self.exposure_band,
            record={
                "sessions": len(values),
                "bic": {str(k): None if c is None else c.bic for k, c in tried.items()},
                "log_likelihood": best.log_likelihood,
                "return_mean": mean[order].tolist(),
                "return_deviation": deviation[order].tolist(),
            },
        )

    def _exposure_of(self, names: tuple[str, ...]) -> dict[str, float] | None:
        return None if self.exposure is None else {name: self.exposure[name] for name in names}

    def _choose(self, tried: dict[int, Candidate | None], sessions: int) -> Candidate:
        sound = [candidate for candidate in tried.values() if candidate is not None]
        if not sound:
            raise ConfigError(
                f"regime: no model of {list(tried)} states gives each of them"
                f" {100 * self.settings.min_share:g} % of the {sessions} training sessions (regime.min_share)"
            )
        return min(sound, key=lambda candidate: candidate.bic)


def _check_exposure(exposure: dict[str, float], numbers: Sequence[int]) -> None:
    """Refuse names that no state can have, and states without an exposure."""
    possible = {name for states in numbers for name in NAMES[states]}
    for name in exposure:
        if name not in possible:
            raise one_of("regime.exposure", name, possible)
    missing = sorted(possible - exposure.keys())
    if missing:
        raise ConfigError(
            f"regime.exposure: no value for '{missing[0]}', which a model of {numbers[0]} to {numbers[-1]}"
            " states may have"
        )
