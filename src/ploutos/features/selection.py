"""Features of the catalogue, chosen by family and by name."""

from typing import Any

from ploutos.features.catalogue import named_features, shipped_names
from ploutos.features.feature_columns import FeatureColumns
from ploutos.types import ConfigError, checked, one_of
from ploutos.types.session import SessionClock


class Selection(FeatureColumns):
    """The shipped features of some families, more by name, less some.

    Parameters
    ----------
    calendar : of the market; its clock decides the calendar features.
    groups : families whose shipped features are taken, in this order.
    include : names of further features; windows may be any, such as `rsi_21`.
    exclude : names to leave out.
    """

    @checked
    def __init__(self, *, calendar: Any, groups: list[str], include: list[str], exclude: list[str]) -> None:
        for group in groups:
            if groups.count(group) > 1:
                raise ConfigError(f"features.groups: '{group}' is named twice")
        names = [name for group in groups for name in shipped_names(group)]
        names += [name for name in include if name not in names]
        for name in exclude:
            if name not in names:
                raise one_of("features.exclude", name, names)
        chosen = [name for name in names if name not in exclude]
        if not chosen:
            raise ConfigError("features.groups, include and exclude leave no feature")
        clock = SessionClock(calendar.timezone, calendar.day_starts)
        super().__init__(named_features(chosen, "features.include"), clock)

    def fingerprint(self) -> dict[str, Any]:
        """Return what decides the values besides the code, JSON-ready."""
        return {"features": "selection", **super().fingerprint()}
