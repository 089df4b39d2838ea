"""In what one judgement's checks differ from another's, and which of the two asks less."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeGuard

Stricter = Literal["larger", "smaller"]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a judgement asked.

    Attributes
    ----------
    settings : by rule, its plain settings, `_target_` included.
    gates : by name of a check, as in the verdict's table, whether it could reject.
    """

    settings: Mapping[str, Mapping[str, Any]]
    gates: Mapping[str, bool]

    @classmethod
    def of(cls, settings: Mapping[str, Any], checks: Sequence[Mapping[str, Any]]) -> "Asked":
        """Take settings by rule and the checks of a verdict's `as_dict`."""
        plain = {str(k): dict(v) for k, v in settings.items() if isinstance(v, Mapping)}
        return cls(settings=plain, gates={str(c["name"]): bool(c["gate"]) for c in checks})


@dataclass(frozen=True, kw_only=True)
class Differences:
    """What is different now, each as a short text; `changed` is what nobody can call harder or softer."""

    removed: tuple[str, ...] = ()
    softer: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    harder: tuple[str, ...] = ()
    added: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any(asdict(self).values())

    def as_dict(self) -> dict[str, list[str]]:
        """Return JSON-ready lists."""
        return {name: list(texts) for name, texts in asdict(self).items()}

    def told(self) -> str:
        """Return all of them on one line."""
        return "; ".join(f"{name} {', '.join(texts)}" for name, texts in asdict(self).items() if texts)

    def kind(self) -> str:
        """Return which checks these are, seen from the other judgement."""
        if self.removed or self.softer:
            both = (("fewer", self.removed), ("softer", self.softer))
            return " and ".join(word for word, texts in both if texts) + " checks"
        return "other checks" if self.changed else "harder checks" if self.harder else "more checks"


def differences(
    first: Asked, now: Asked, stricter: Mapping[str, Mapping[str, Stricter]] | None = None
) -> Differences:
    """Compare `now` with `first`.

    `stricter`: by rule and setting, in which direction of the value the rule is harder to pass. A setting
    that is not in it may have been chosen for its result (a seed, a number of resamples): it has changed.
    """
    found: dict[str, list[str]] = {name: [] for name in ("removed", "softer", "changed", "harder", "added")}
    for rule in first.settings.keys() & now.settings.keys():
        directions = (stricter or {}).get(rule, {})
        for kind, text in _settings(rule, first.settings[rule], now.settings[rule], directions):
            found[kind].append(text)
    for name, was in first.gates.items():
        if name not in now.gates:
            found["removed"].append(name)
        elif was != now.gates[name]:
            text = f"{name} {'informs only' if was else 'is a gate'}"
            found["softer" if was else "harder"].append(text)
    found["added"] += [name for name in now.gates if name not in first.gates]
    if not found["removed"]:  # rules that answered nothing
        found["removed"] += [rule for rule in first.settings if rule not in now.settings]
    if not found["added"]:
        found["added"] += [rule for rule in now.settings if rule not in first.settings]
    return Differences(**{name: tuple(sorted(texts)) for name, texts in found.items()})


def _settings(
    rule: str, first: Mapping[str, Any], now: Mapping[str, Any], directions: Mapping[str, Stricter]
) -> list[tuple[str, str]]:
    """Return (kind, text) of every setting of a rule that is not what it was."""
    found = []
    for key in sorted(first.keys() | now.keys()):
        old, new = first.get(key), now.get(key)
        if old == new and isinstance(old, bool) == isinstance(new, bool):
            continue
        kind = "changed"
        if key in directions and _is_number(old) and _is_number(new):
            kind = "harder" if (new > old) == (directions[key] == "larger") else "softer"
        found.append((kind, f"{rule}.{key} {old} -> {new}"))
    return found


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
