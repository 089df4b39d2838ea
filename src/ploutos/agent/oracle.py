"""What could be earned: the best simple policy of one that knows the expected returns."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Protocol, Self, runtime_checkable

from pydantic import Field

from ploutos.agent.oracle_family import Candidate
from ploutos.agent.oracle_policy import OraclePolicy
from ploutos.agent.oracle_tuning import grid, truth_of, tune
from ploutos.env.market import Market
from ploutos.env.portfolio import Portfolio
from ploutos.features.feature_columns import FeatureColumns
from ploutos.macro.no_macro import NoMacro
from ploutos.panel.assemble import assemble
from ploutos.types import (
    Bars,
    ConfigError,
    DataError,
    NonNegativeFloat,
    NonNegativeInt,
    Policy,
    PositiveFloat,
    checked,
)
from ploutos.types.checkpoints import Checkpoints
from ploutos.types.monitor import Monitor
from ploutos.types.session import SessionClock
from ploutos.universe.static import Static

Rate = Annotated[float, Field(gt=0, le=1)]


@runtime_checkable
class Repeatable(Protocol):
    """A simulation that can be run again with other draws."""

    @property
    def clock(self) -> SessionClock: ...  # noqa: D102

    def load(self) -> Bars: ...  # noqa: D102

    def independent(self, *, seed: int, bars: int) -> Self:
        """Return the same kind of market with other draws and another length."""
        ...


class Oracle:
    """The best of a frozen family of policies on the conditional expected returns of a synthetic market.

    The family (`oracle_family`) aims at a softmax of the next bar's expected returns, goes part of the way
    and leaves small differences alone, under the constraints of the agents: long only with cash, or short
    where the action space is. Temperature, rate and band have the highest net Sharpe ratio on a path of
    its own, drawn by the same source with another seed. It is a yardstick and no upper bound: it looks one
    bar ahead.

    Parameters
    ----------
    source : of the market; draws the path that the settings are chosen on.
    tuning_seed, tuning_bars : of that path.
    temperatures_bps, rates, bands : the grid, see `Candidate`.
    refinements : factors by which the settings are varied afterwards, one pass each.
    """

    stacks_seeds = False

    @checked
    def __init__(
        self,
        *,
        source: Any,
        tuning_seed: NonNegativeInt,
        tuning_bars: Annotated[int, Field(ge=10)],
        temperatures_bps: Annotated[list[PositiveFloat], Field(min_length=1)],
        rates: Annotated[list[Rate], Field(min_length=1)],
        bands: Annotated[list[NonNegativeFloat], Field(min_length=1)],
        refinements: list[Annotated[float, Field(gt=1, allow_inf_nan=False)]],
    ) -> None:
        self.source = source
        self.tuning_seed = tuning_seed
        self.tuning_bars = tuning_bars
        self.coarse = grid(temperatures_bps, rates, bands)
        self.refinements: Sequence[float] = refinements

    @property
    def casts_votes(self) -> bool:
        """False: it speaks in target weights."""
        return False

    @property
    def needs_validation(self) -> bool:
        """False: it chooses on a path of its own."""
        return False

    def check(self, environment: Portfolio, market: Market) -> None:
        """Refuse a market without truth, and a source that cannot be drawn again."""
        truth_of(market)
        if not isinstance(self.source, Repeatable):
            raise ConfigError(
                f"agent.source: {type(self.source).__name__} cannot draw an independent market; data=planted"
                " and data=synthetic can"
            )

    def cannot_replay(self, market: Market, signals: Sequence[str]) -> str | None:
        """Say why its policy would not know altered prices: it knows a bar by the source's signals alone."""
        if signals and tuple(market.feature_names[-len(signals) :]) == tuple(signals):
            return None
        return "the oracle knows a bar by the signals of the source, and the features show none"

    def fit(
        self,
        environment: Portfolio,
        market: Market,
        train: slice,
        *,
        validation: slice,
        seed: int,
        monitor: Monitor,
        checkpoints: Checkpoints,
    ) -> Policy:
        """Choose on the independent path; nothing is learned from `market`."""
        self.check(environment, market)
        chosen, _ = tune(environment, self.tuning_market(), self.coarse, self.refinements, monitor.progress)
        return OraclePolicy(chosen, environment, market)

    def load(self, folder: Path, environment: Portfolio, market: Market) -> Policy:
        """Return the saved member of the family on `market`."""
        try:
            saved = json.loads((folder / "policy.json").read_text())
            chosen, trained = Candidate(**saved["oracle"]), dict(saved["layout"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"{folder}: not a saved policy: {error}") from error
        environment.layout(market).require_same_columns(trained)
        return OraclePolicy(chosen, environment, market)

    def tuning_market(self) -> Market:
        """Draw the path that the settings are chosen on; it shows nothing but the source's signals."""
        drawn = self.source.independent(seed=self.tuning_seed, bars=self.tuning_bars)
        nothing = FeatureColumns((), drawn.clock)
        return Market.of(assemble(drawn.load(), Static(tickers=None), nothing, NoMacro(), clock=drawn.clock))
