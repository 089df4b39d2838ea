"""Typed, range-checked constructors: one decorator and the field types of the project's units."""

from collections.abc import Callable
from typing import Annotated, ParamSpec, TypeVar

from pydantic import BeforeValidator, ConfigDict, Field, validate_call

P = ParamSpec("P")
R = TypeVar("R")

PositiveInt = Annotated[int, Field(ge=1)]
NonNegativeInt = Annotated[int, Field(ge=0)]
PositiveFloat = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegativeFloat = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Probability = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]
Bps = Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]


def _ticker(value: object) -> object:
    """Say what to do about a ticker that YAML read as something else, such as ON, TRUE or 000001."""
    if isinstance(value, str):
        return value
    raise ValueError(
        f"a ticker must be text, and YAML reads this one as {_KINDS.get(type(value), type(value).__name__)};"
        " put it in quotes, as in ['ON'] or ['000001'], in a YAML file as well as on the command line"
    )


_KINDS = {bool: "a truth value", int: "a number", float: "a number", type(None): "nothing"}

Ticker = Annotated[str, BeforeValidator(_ticker)]
"""The name of a security; quoted where YAML would read it as something else."""


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Check types and ranges of a constructor's arguments from their annotations; numbers must be finite.

    A value of the wrong type or out of range raises `pydantic.ValidationError`, which the command line
    turns into one line naming the config key.
    """
    return validate_call(config=ConfigDict(arbitrary_types_allowed=True, allow_inf_nan=False))(function)
