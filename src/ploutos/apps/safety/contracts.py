"""Whether a user's own class can stand where a shipped component stands."""

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Any

from hydra.utils import execution_whitelist, get_class

from ploutos.apps.safety.places import Place, shipped
from ploutos.types import ConfigError

# The protocol or base class of a group; of other groups, what all shipped variants have is asked for.
BASES: dict[Place, str] = {
    ("agent",): "ploutos.agent.base.Agent",
    ("agent", "network"): "ploutos.agent.network.base.Network",
    ("agent", "schedule"): "ploutos.agent.schedule.base.Schedule",
    ("agent", "stopping"): "ploutos.agent.stopping.base.Stopping",
    ("agent", "utility"): "ploutos.agent.utility.base.Utility",
    ("data",): "ploutos.data.source.Source",
    ("data", "actions"): "ploutos.data.corporate.actions.Actions",
    ("data", "alpha"): "ploutos.data.alpha.base.Alpha",
    ("data", "calendar"): "ploutos.data.calendars.calendar.Calendar",
    ("env", "action"): "ploutos.env.action.base.ActionSpace",
    ("env", "reward"): "ploutos.env.reward.base.Reward",
    ("execution", "costs"): "ploutos.execution.costs.model.CostModel",
    ("features",): "ploutos.panel.blocks.FeatureSet",
    ("macro",): "ploutos.panel.assemble.Macro",
    ("universe",): "ploutos.panel.assemble.Universe",
}
OPTIONAL = {"foresee", "require_room"}  # asked for only where it is there


def require_fit(cls: type, place: Place, target: str, key: str) -> None:
    """Refuse a class that lacks what components at the canonical `place` have, by its name."""
    missing = sorted(name for name in wanted(place) if _lookup(cls, name) is None)
    if missing:
        raise ConfigError(
            f"{key}._target_: '{target}' is no component of '{'.'.join(place)}':"
            f" it has no {', '.join(missing)}"
        )


def located(target: str, packages: Iterable[str], key: str) -> type:
    """Import the class `target`, which one of the user's own `packages` must define."""
    with execution_whitelist((target,), reset=True):
        try:
            cls: Any = get_class(target)
        except Exception as error:
            first = (str(error).splitlines() or [type(error).__name__])[0]
            raise ConfigError(f"{key}._target_: '{target}' cannot be found: {first}") from error
    if cls.__module__.partition(".")[0] not in packages:
        raise ConfigError(
            f"{key}._target_: '{target}' is not allowed: it comes from {cls.__module__}, which PLOUTOS_TRUST"
            " does not name"
        )
    found: type = cls
    return found


@cache
def wanted(place: Place) -> frozenset[str]:
    """Return the methods that every component at the canonical `place` has, or else the properties."""
    if place in BASES:
        module, _, name = BASES[place].rpartition(".")
        return _methods(getattr(import_module(module), name), own=True) - OPTIONAL
    with execution_whitelist(tuple(shipped()[place]), reset=True):
        classes = [get_class(target) for target in sorted(shipped()[place])]
    common = frozenset.intersection(*(_methods(cls, own=False) for cls in classes)) - OPTIONAL
    return common or frozenset.intersection(*map(_properties, classes))


def _methods(cls: type, *, own: bool) -> frozenset[str]:
    """Return the public methods of `cls` and `__call__`; with `own`, of a protocol or the abstract ones."""
    if own and getattr(cls, "__abstractmethods__", None) and not getattr(cls, "_is_protocol", False):
        return frozenset(cls.__abstractmethods__)  # type: ignore[attr-defined]
    found = set()
    for base in cls.__mro__:
        if base is object or base.__module__ == "typing":
            continue
        for name, value in vars(base).items():
            if (name == "__call__" or not name.startswith("_")) and callable(value):
                found.add(name)
    return frozenset(found)


def _properties(cls: type) -> frozenset[str]:
    """Return the public properties of `cls`: what there is where components have no methods."""
    every = (item for base in cls.__mro__ for item in vars(base).items())
    return frozenset(name for name, value in every if isinstance(value, property) and name[0] != "_")


def _lookup(cls: type, name: str) -> Any:
    """Return the attribute as an instance would find it: `type` itself has a `__call__`."""
    return next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)
