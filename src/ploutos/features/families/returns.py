"""Returns and momentum: where the price came from."""

from ploutos.features.engine.column import Column, change, lag, ratio
from ploutos.features.families.base import LOG_CLOSE, LOG_OPEN, RETURN, spread, untied
from ploutos.features.feature import Family

RETURNS = Family("returns", "Returns and momentum: where the price came from.")


@RETURNS.feature(
    "return_{n}", 1, 2, 3, 6, 12, 30, 60, formula="log(close / close n bars ago)", unit="log return"
)
def log_return(n: int) -> Column:
    """Return the log return over n bars."""
    return untied(change(LOG_CLOSE, n))


@RETURNS.feature("momentum_{n}", 120, formula="log(close / close n bars ago)", unit="log return")
def momentum(n: int) -> Column:
    """Return a long log return."""
    return untied(change(LOG_CLOSE, n))


@RETURNS.feature(
    "momentum_skip_{n}_{m}",
    (120, 6),
    formula="log(close m bars ago / close n bars ago): momentum without its last m bars",
    unit="log return",
    source="Jegadeesh and Titman (1993)",
)
def momentum_skip(n: int, m: int) -> Column:
    """Return the momentum up to m bars ago; the order of the windows does not matter."""
    return untied(change(lag(LOG_CLOSE, min(n, m)), abs(n - m)))


@RETURNS.feature(
    "acceleration_{n}_{m}",
    (6, 30),
    formula="return_n / n - return_m / m",
    unit="log return per bar",
)
def acceleration(n: int, m: int) -> Column:
    """Return how much faster the price moved of late."""
    return change(LOG_CLOSE, n) / n - change(LOG_CLOSE, m) / m


@RETURNS.feature(
    "return_strength_{n}",
    30,
    120,
    formula="return_n / (volatility_n * sqrt(n)), 0 without volatility",
    unit="deviations",
    source="Moskowitz, Ooi and Pedersen (2012)",
    least=2,
)
def return_strength(n: int) -> Column:
    """Return the move in units of what chance would do."""
    return ratio(untied(change(LOG_CLOSE, n)), spread(RETURN, n) * n**0.5)


@RETURNS.feature("gap_1", formula="log(open / last close)", unit="log return")
def gap() -> Column:
    """Return the jump from the last close to the open."""
    return untied(LOG_OPEN - lag(LOG_CLOSE, 1))


@RETURNS.feature("intrabar_1", formula="log(close / open)", unit="log return")
def intrabar() -> Column:
    """Return the move within the bar."""
    return untied(LOG_CLOSE - LOG_OPEN)
