"""Block bootstrap of the Sharpe ratio: is it above zero by more than luck?"""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from ploutos.backtest.metrics import note, session_returns, sharpe
from ploutos.types import Check, NonNegativeInt, Probability, Study, checked
from ploutos.validation.differences import Stricter
from ploutos.validation.prospect import Obstacle, Prospect, too_few_sessions
from ploutos.validation.resample import MIN_BLOCKS, bootstrap_sharpe


class BootstrapSharpe:
    """Gate on the one-sided lower confidence bound of the annualised Sharpe ratio, which must exceed 0.

    The bound is the (1 - confidence) percentile of stationary-bootstrap resamples of session returns
    (`ploutos.validation.resample`); blocks keep autocorrelation and clustered volatility, which the
    formula for independent returns ignores. Lo, A. (2002), "The Statistics of Sharpe Ratios", Financial
    Analysts Journal 58(4), shows by how much that matters.
    """

    gate = True
    harder_when: ClassVar[Mapping[str, Stricter]] = {"confidence": "larger"}

    @checked
    def __init__(
        self,
        *,
        resamples: Annotated[int, Field(ge=100)],
        block_sessions: Annotated[float, Field(ge=1, allow_inf_nan=False)],
        confidence: Probability,
        seed: NonNegativeInt,
    ) -> None:
        self.resamples = resamples
        self.block_sessions = block_sessions
        self.confidence = confidence
        self.seed = seed

    def foresee(self, prospect: Prospect) -> tuple[Obstacle, ...]:
        """Say when the test windows are too short for the bootstrap."""
        return too_few_sessions(prospect, block_sessions=self.block_sessions, blocks=MIN_BLOCKS)

    def __call__(self, study: Study) -> tuple[Check, ...]:
        """Return `bootstrap_sharpe`."""
        _, returns = session_returns(study.track.bars, study.clock)
        draws = bootstrap_sharpe(
            returns[None, :],
            resamples=self.resamples,
            block_sessions=self.block_sessions,
            sessions_per_year=study.sessions_per_year,
            seed=self.seed,
        )[0]
        low, middle, high = np.quantile(draws, [1 - self.confidence, 0.5, self.confidence]).tolist()
        estimate = sharpe(returns, study.sessions_per_year)
        return (
            Check(
                name="bootstrap_sharpe",
                passed=low > 0,
                value=low,
                threshold=0.0,
                gate=True,
                summary=f"Lower {100 * self.confidence:g} % bound of the Sharpe ratio {low:.2f} a year "
                f"(estimate {estimate:.2f}); must exceed 0{note(returns)}",
                evidence={
                    "sharpe": estimate,
                    "lower": low,
                    "median": middle,
                    "upper": high,
                    "share_not_positive": float(np.mean(draws <= 0)),
                    "resamples": self.resamples,
                    "block_sessions": self.block_sessions,
                    "confidence": self.confidence,
                    "sessions": int(returns.size),
                },
            ),
        )
