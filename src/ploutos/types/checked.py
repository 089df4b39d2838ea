"""Typed, range-checked constructors: one decorator and the field types of the project's units."""

from collections.abc import Callable
from typing import Annotated, ParamSpec, TypeVar

from pydantic import ConfigDict, Field, validate_call

P = ParamSpec("P")
R = TypeVar("R")

PositiveInt = Annotated[int, Field(ge=1)]
NonNegativeInt = Annotated[int, Field(ge=0)]
PositiveFloat = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegativeFloat = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Probability = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]
Bps = Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Check types and ranges of a constructor's arguments from their annotations; numbers must be finite.

    A value of the wrong type or out of range raises `pydantic.ValidationError`, which the command line
    turns into one line naming the config key.
    """
    return validate_call(config=ConfigDict(arbitrary_types_allowed=True, allow_inf_nan=False))(function)
