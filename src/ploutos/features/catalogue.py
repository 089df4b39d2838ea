"""Every declared feature, by family and by name."""

from collections.abc import Iterable, Sequence

from ploutos.features.families.calendar import CALENDAR
from ploutos.features.families.cross_section import CROSS_SECTION
from ploutos.features.families.efficiency import EFFICIENCY
from ploutos.features.families.levels import LEVELS
from ploutos.features.families.market import MARKETS
from ploutos.features.families.ranges import RANGES
from ploutos.features.families.returns import RETURNS
from ploutos.features.families.reversion import REVERSION
from ploutos.features.families.trend import TREND
from ploutos.features.families.volatility import VOLATILITY
from ploutos.features.families.volume import VOLUMES
from ploutos.features.feature import Family, Feature
from ploutos.types import ConfigError, one_of

FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        RETURNS,
        VOLATILITY,
        TREND,
        REVERSION,
        VOLUMES,
        RANGES,
        LEVELS,
        EFFICIENCY,
        CALENDAR,
        CROSS_SECTION,
        MARKETS,
    )
}


def shipped_names(group: str) -> list[str]:
    """Return the names of the features that a family's group consists of.

    Raises
    ------
    ConfigError
        There is no such family.
    """
    if group not in FAMILIES:
        raise one_of("features.groups", group, FAMILIES)
    declared = FAMILIES[group].declarations
    return [declaration.name(windows) for declaration in declared for windows in declaration.shipped]


def named_features(names: Sequence[str], setting: str) -> tuple[Feature, ...]:
    """Return the features of these names; their windows may be any that the pattern allows.

    Raises
    ------
    ConfigError
        A name that no pattern makes, a window that is too short, or a name that comes twice.
    """
    for name in names:
        if list(names).count(name) > 1:
            raise ConfigError(f"{setting}: '{name}' is declared twice; a window or a name is repeated")
    return tuple(_named(name, setting) for name in names)


def _named(name: str, setting: str) -> Feature:
    for family in FAMILIES.values():
        found = family.find(name, setting)
        if found is not None:
            return found
    raise one_of(setting, name, _all_shipped())


def _all_shipped() -> Iterable[str]:
    return [name for group in FAMILIES for name in shipped_names(group)]
