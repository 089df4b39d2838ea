"""Maximum likelihood by expectation-maximisation, from several random starts, through hmmlearn.

References
----------
Rabiner, A Tutorial on Hidden Markov Models, Proceedings of the IEEE 77(2), 1989. Schwarz, Estimating the
Dimension of a Model, Annals of Statistics 6(2), 1978. Arthur & Vassilvitskii, k-means++: The Advantages of
Careful Seeding, Proceedings of SODA 2007.
"""

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ploutos.regime.model import GaussianHmm, stationary

Floats = npt.NDArray[np.float64]

STAY = 0.95  # probability with which a start stays in its state; market states last for weeks or longer


@dataclass(frozen=True)
class Settings:
    """How to look for the maximum; see `conf/regime/hmm.yaml`."""

    covariance: str
    starts: int
    seed: int
    max_iterations: int
    tolerance: float
    min_share: float
    overlap: int  # rows that see the same session, see `information`


@dataclass(frozen=True)
class Candidate:
    """The best model with one number of states."""

    model: GaussianHmm
    log_likelihood: float
    bic: float


def parameters(states: int, width: int, covariance: str) -> int:
    """Return the number of free parameters of a model."""
    spread = width if covariance == "diag" else width * (width + 1) // 2
    return (states - 1) + states * (states - 1) + states * (width + spread)


def best_of_starts(values: Floats, states: int, settings: Settings) -> Candidate | None:
    """Return the likeliest of the models that `settings.starts` random starts lead to.

    A start whose end leaves a state less than `settings.min_share` of the rows does not count: likelihood
    grows without bound where a state keeps a few rows to itself. None where no start is left.

    Parameters
    ----------
    values : [R, D] standardised, one after the other in time.
    """
    found = [
        climbed(values, states, settings, np.random.default_rng([settings.seed, states, k]))
        for k in range(settings.starts)
    ]
    sound = [candidate for candidate in found if candidate is not None]
    return max(sound, key=lambda candidate: candidate.log_likelihood, default=None)


def climbed(values: Floats, states: int, settings: Settings, rng: np.random.Generator) -> Candidate | None:
    """Return the model at the end of one climb, None where it degenerates."""
    from hmmlearn.hmm import GaussianHMM  # scikit-learn takes a second to import

    width = values.shape[1]
    model = GaussianHMM(
        n_components=states,
        covariance_type=settings.covariance,
        n_iter=settings.max_iterations,
        tol=settings.tolerance,
        init_params="",
        implementation="log",
    )
    model.startprob_ = np.full(states, 1.0 / states)
    leave = (1.0 - STAY) / (states - 1)
    model.transmat_ = np.full((states, states), leave) + (STAY - leave) * np.eye(states)
    model.means_, spread = spread_out(values, states, rng)
    one = np.diag(spread) if settings.covariance == "diag" else spread
    with _quiet():
        try:
            model.covars_ = np.tile(one, (states, *[1] * one.ndim))
            model.fit(values)
            log_likelihood, posterior = model.score_samples(values)
            np.linalg.cholesky(model.covars_)
        except (ValueError, np.linalg.LinAlgError):  # a covariance that is none, a state that vanished
            return None
    if not math.isfinite(log_likelihood) or posterior.mean(axis=0).min() < settings.min_share:
        return None
    count = parameters(states, width, settings.covariance)
    return Candidate(
        model=GaussianHmm(
            start=stationary(model.transmat_),
            transition=model.transmat_,
            means=model.means_,
            covariances=np.ascontiguousarray(model.covars_),
        ),
        log_likelihood=float(log_likelihood),
        bic=information(float(log_likelihood), count, len(values), settings.overlap),
    )


def information(log_likelihood: float, count: int, rows: int, overlap: int) -> float:
    """Return the Bayesian information criterion of a model with `count` parameters; the smaller the better.

    A trailing window of `overlap` sessions shows each of them in so many rows, so R rows hold what
    R / overlap independent ones would (a moving average of white noise has exactly this autocorrelation
    time). Likelihood and number of rows count accordingly; with `overlap` 1 this is Schwarz's criterion.
    """
    return count * math.log(rows / overlap) - 2.0 * log_likelihood / overlap


def spread_out(values: Floats, states: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return rows of `values` far apart [K, D], and the covariance [D, D] of the rows around the nearest one.

    Each is drawn with a probability proportional to its squared distance from those before it (k-means++).
    """
    chosen = [int(rng.integers(len(values)))]
    distance = ((values - values[chosen[0]]) ** 2).sum(axis=1)
    nearest = np.zeros(len(values), np.int64)
    for k in range(1, states):
        total = float(distance.sum())
        chances = distance / total if total > 0 else None
        chosen.append(int(rng.choice(len(values), p=chances)))
        apart = ((values - values[chosen[k]]) ** 2).sum(axis=1)
        nearest[apart < distance] = k
        distance = np.minimum(distance, apart)
    means = values[chosen]
    rest = values - means[nearest]
    return means, rest.T @ rest / len(values)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep hmmlearn from logging that the likelihood fell by a rounding error near its maximum."""
    logger = logging.getLogger("hmmlearn")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
