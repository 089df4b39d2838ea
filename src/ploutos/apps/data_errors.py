"""Findings of severity error on their way from a panel's report to whoever reads figures made of it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from ploutos.data.quality.table import example_text
from ploutos.types import ConfigError

if TYPE_CHECKING:
    from ploutos.panel.panel import Panel

KEY = "data.quality.on_error"
ACCEPT = "accept"


@dataclass(frozen=True)
class DataErrors:
    """The findings of severity error of a panel's source, as stored, and what the config does about them."""

    findings: tuple[dict[str, Any], ...]
    on_error: str

    @classmethod
    def of(cls, config: DictConfig, panel: "Panel") -> "DataErrors":
        """Read them from the panel, whoever built it and when; those that stay in the data come first."""
        rules = panel.quality.get("rules", [])
        found = [rule for rule in rules if rule["severity"] == "error" and rule["count"]]
        on_error = OmegaConf.select(config, KEY, default="refuse_kept")  # a source without rules
        return cls(tuple(sorted(found, key=lambda rule: rule["action"] != "kept")), str(on_error))

    @property
    def accepted(self) -> bool:
        """Whether there are some that the config accepts."""
        return bool(self.findings) and self.on_error == ACCEPT

    def lines(self) -> tuple[str, ...]:
        """Return a line for each finding; an accepted one says so."""
        end = f" (accepted by {KEY}={ACCEPT})" if self.accepted else ""
        return tuple(f"error in the data: {text(rule)}{end}" for rule in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON-ready record of a verdict."""
        return {"on_error": self.on_error, "accepted": self.accepted, "findings": list(self.findings)}

    def tags(self) -> dict[str, str]:
        """Return the tag of a run that was judged on such data; none where there are no errors."""
        if not self.findings:
            return {}
        return {
            "ploutos.data_errors": ", ".join(rule["rule"] for rule in self.findings) + f"; {self.on_error}"
        }

    def refuse(self) -> None:
        """Raise where the config refuses a study on such data; the panel stays, nothing else was written.

        Raises
        ------
        ConfigError
            One line with the findings, what helps and how to study the data all the same.
        """
        if self.on_error == ACCEPT:
            return
        left = [rule for rule in self.findings if rule["action"] == "kept" or self.on_error == "refuse"]
        if not left:
            return
        told = "; ".join(text(rule) for rule in left)
        raise ConfigError(
            f"{KEY}: {self.on_error}: the data have {len(left)} finding{'s' if len(left) > 1 else ''} of"
            f" severity error: {told}. 'ploutos data' with the same settings shows all;"
            f" {KEY}={ACCEPT} studies them as they are"
        )


def text(rule: dict[str, Any]) -> str:
    """Return a finding on one line: how many, what was done, the first one and what helps."""
    example = f"; {example_text(rule['examples'][0])}" if rule["examples"] else ""
    remedy = f"; {rule['remedy']}" if rule.get("remedy") else ""
    times, tickers = _counted(rule["count"], "time"), _counted(rule["tickers"], "ticker")
    return f"{rule['rule']} {times} in {tickers}, {rule['action']}{example}{remedy}"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")
