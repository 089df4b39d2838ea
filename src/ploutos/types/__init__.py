"""Contracts that pass between the stages; this package imports no other part of Ploutos."""

from ploutos.types.bars import Bars
from ploutos.types.checked import (
    Bps,
    Fraction,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    Probability,
    Ticker,
    checked,
)
from ploutos.types.errors import ConfigError, DataError, PloutosError, nearest, one_of
from ploutos.types.fold import Fold, Window
from ploutos.types.policy import Action, Policy
from ploutos.types.study import Child, Replay, Study
from ploutos.types.track import Track
from ploutos.types.verdict import Check, Verdict

__all__ = [
    "Action",
    "Bars",
    "Bps",
    "Check",
    "Child",
    "ConfigError",
    "DataError",
    "Fold",
    "Fraction",
    "NonNegativeFloat",
    "NonNegativeInt",
    "PloutosError",
    "Policy",
    "PositiveFloat",
    "PositiveInt",
    "Probability",
    "Replay",
    "Study",
    "Ticker",
    "Track",
    "Verdict",
    "Window",
    "checked",
    "nearest",
    "one_of",
]
