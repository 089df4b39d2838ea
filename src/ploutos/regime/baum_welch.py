"""Maximum likelihood by expectation-maximisation (hmmlearn): many short climbs, the best of them to the end.

Likelihoods of real markets have many maxima: a climb from one start mostly ends on a lower one.

References
----------
Rabiner, A Tutorial on Hidden Markov Models, Proceedings of the IEEE 77(2), 1989. Schwarz, Estimating the
Dimension of a Model, Annals of Statistics 6(2), 1978. Biernacki, Celeux & Govaert, Choosing Starting Values
for the EM Algorithm, Computational Statistics & Data Analysis 41, 2003 (short runs, then a long one).
"""

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.regime.model import GaussianHmm, stationary
from ploutos.regime.starts import Guess, guess

Floats = npt.NDArray[np.float64]

STAY = 0.95  # probability with which a start stays in its state; market states last for weeks or longer
SHORT_ITERATIONS = 15  # steps of each start before the likeliest go on
FINALISTS = 4  # climbs that go on to their ends
POLISH = 1e-4  # share of the tolerance to which the likeliest end is climbed on
POLISHING_ITERATIONS = 1000


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


@dataclass(frozen=True, eq=False)
class Climb:
    """Where a climb stands.

    Attributes
    ----------
    start : [K] distribution of the first row's state.
    transition : [K, K]; means : [K, D]; covariances : [K, D, D].
    log_likelihood : of all rows.
    rarest : share of the rows that belong to the rarest state.
    """

    start: Floats
    transition: Floats
    means: Floats
    covariances: Floats
    log_likelihood: float
    rarest: float

    @classmethod
    def at(cls, first: Guess) -> "Climb":
        """Return the foot of a climb: states that last, of equal weight."""
        states = len(first.means)
        leave = (1.0 - STAY) / (states - 1)
        transition = np.full((states, states), leave) + (STAY - leave) * np.eye(states)
        return cls(np.full(states, 1.0 / states), transition, *first, -math.inf, 0.0)


def parameters(states: int, width: int, covariance: str) -> int:
    """Return the number of free parameters of a model."""
    spread = width if covariance == "diag" else width * (width + 1) // 2
    return (states - 1) + states * (states - 1) + states * (width + spread)


def best_of_starts(values: Floats, states: int, settings: Settings) -> Candidate | None:
    """Return the likeliest of the models that the search ends with, None where none is left.

    `settings.starts` climbs of `SHORT_ITERATIONS` steps are ranked, the best third climbs on for twice as
    many, and in the order of what these reach they go on to their ends until `FINALISTS` of them count. The
    likeliest end is polished: names and labels of nearly equal states must not depend on where a climb was
    given up. An end that leaves a state less than `settings.min_share` of the rows does not count:
    likelihood grows without bound where a state keeps a few rows to itself. So such climbs rank last.

    Parameters
    ----------
    values : [R, D] standardised, one after the other in time.
    """
    feet = []
    for number in range(settings.starts):
        rng = np.random.default_rng([settings.seed, states, number])
        feet.append(Climb.at(guess(values, states, number, rng)))
    ranked = _ranked([climbed(values, foot, settings, SHORT_ITERATIONS) for foot in feet], settings)
    going = max(FINALISTS, len(feet) // 3)
    onward = [climbed(values, climb, settings, 2 * SHORT_ITERATIONS) for climb in ranked[:going]]
    ends: list[Climb] = []
    for climb in [*_ranked(onward, settings), *ranked[going:]]:
        end = climbed(values, climb, settings, settings.max_iterations)
        if end is not None and end.rarest >= settings.min_share:
            ends.append(end)
        if len(ends) == FINALISTS:
            break
    if not ends:
        return None
    best = max(ends, key=lambda end: end.log_likelihood)
    fine = replace(settings, tolerance=settings.tolerance * POLISH)
    polished = climbed(values, best, fine, POLISHING_ITERATIONS)
    kept = best if polished is None or polished.rarest < settings.min_share else polished
    return _candidate(kept, values, settings)


def _ranked(climbs: list[Climb | None], settings: Settings) -> list[Climb]:
    standing = [climb for climb in climbs if climb is not None]
    return sorted(standing, key=lambda climb: (climb.rarest < settings.min_share, -climb.log_likelihood))


def climbed(values: Floats, climb: Climb, settings: Settings, iterations: int) -> Climb | None:
    """Return where a climb stands after at most `iterations` more steps, None where it degenerates.

    Scaled probabilities take half the time of logarithms; where all states are so far from a row that its
    probability is 0, logarithms it is.
    """
    with _quiet():
        for implementation in ("scaling", "log"):
            try:
                return _stepped(values, climb, settings, iterations, implementation)
            except ValueError as error:  # a covariance that is none, a state that vanished, or an underflow
                if "underflow" not in str(error):
                    return None
            except np.linalg.LinAlgError:
                return None
    return None


def _stepped(
    values: Floats, climb: Climb, settings: Settings, iterations: int, implementation: str
) -> Climb | None:
    from hmmlearn.hmm import GaussianHMM  # scikit-learn takes a second to import

    model: Any = GaussianHMM(
        n_components=len(climb.means),
        covariance_type=settings.covariance,
        n_iter=iterations,
        tol=settings.tolerance,
        init_params="",
        implementation=implementation,
    )
    model.startprob_, model.transmat_, model.means_ = climb.start, climb.transition, climb.means
    full = climb.covariances
    model.covars_ = full if settings.covariance == "full" else np.diagonal(full, axis1=1, axis2=2)
    model.fit(values)
    log_likelihood, posterior = model.score_samples(values)
    covariances = np.ascontiguousarray(model.covars_)  # [K, D, D] for a diagonal model too
    np.linalg.cholesky(covariances)
    if not math.isfinite(log_likelihood):
        return None
    return Climb(
        start=model.startprob_,
        transition=model.transmat_,
        means=model.means_,
        covariances=covariances,
        log_likelihood=float(log_likelihood),
        rarest=float(posterior.mean(axis=0).min()),
    )


def _candidate(end: Climb, values: Floats, settings: Settings) -> Candidate:
    states, width = end.means.shape
    count = parameters(states, width, settings.covariance)
    model = GaussianHmm(
        start=stationary(end.transition),
        transition=end.transition,
        means=end.means,
        covariances=end.covariances,
    )
    bic = information(end.log_likelihood, count, len(values), settings.overlap)
    return Candidate(model=model, log_likelihood=end.log_likelihood, bic=bic)


def information(log_likelihood: float, count: int, rows: int, overlap: int) -> float:
    """Return the Bayesian information criterion of a model with `count` parameters; the smaller the better.

    A trailing window of `overlap` sessions shows each of them in so many rows, so R rows hold what
    R / overlap independent ones would (a moving average of white noise has exactly this autocorrelation
    time). Likelihood and number of rows count accordingly; with `overlap` 1 this is Schwarz's criterion.
    """
    return count * math.log(rows / overlap) - 2.0 * log_likelihood / overlap


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
