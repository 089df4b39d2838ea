"""One piece of the benchmark: what a child process does, and under which name its result is kept."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

Kind = Literal["tuning", "reference", "training"]
PEERS = ("sb3_ppo", "sb3_recurrent_ppo")


@dataclass(frozen=True)
class Size:
    """Bars to train on, to test on, and to tune the oracle on."""

    train: int
    test: int
    tuning: int


@dataclass(frozen=True)
class Run:
    """What one child process measures.

    Attributes
    ----------
    kind : tuning (the oracle's settings of a kind of market), reference (what the oracle and equal weight
        earn on one market) or training (what an agent earns there).
    market : a variant of `data/alpha`.
    seed : of the market's draws and of the agent; -1 for a tuning.
    agent : a variant of `agent` or one of `PEERS`; empty for other kinds.
    network : a variant of `agent/network`; empty: the agent's own.
    seconds : of training.
    marks : seconds at which the policy is set aside to be tested, ascending; the last is `seconds`.
    threads : of the process.
    clock : whether seconds are of the wall or of the processor.
    overrides : of the config, as on the command line.
    """

    kind: Kind
    market: str
    seed: int
    size: Size
    overrides: tuple[str, ...]
    agent: str = ""
    network: str = ""
    seconds: float = 0.0
    marks: tuple[float, ...] = ()
    threads: int = 1
    clock: Literal["wall", "cpu"] = "wall"

    @property
    def subject(self) -> str:
        """Return what learns: the agent, with its network where that is not its own."""
        return f"{self.agent}.{self.network}" if self.network else self.agent

    @property
    def name(self) -> str:
        """Return the name of the result's file, without its ending: readable, and one for each content."""
        words = [self.kind, self.market, f"seed{self.seed}" if self.seed >= 0 else "", self.subject]
        words.append(f"{self.seconds:g}s" if self.seconds else "")
        told = json.dumps(asdict(self), sort_keys=True).encode()
        return "-".join([*filter(None, words), hashlib.sha256(told).hexdigest()[:10]])

    def tuning(self) -> "Run":
        """Return the run that chooses the oracle's settings on this kind of market."""
        return Run("tuning", self.market, -1, self.size, of_market(self.overrides))

    def reference(self) -> "Run":
        """Return the run that says what the oracle and equal weight earn on this market."""
        return replace(self.tuning(), kind="reference", seed=self.seed)

    def as_dict(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return asdict(self)

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> "Run":
        """Return the run of `as_dict`."""
        lists = {name: tuple(told[name]) for name in ("overrides", "marks")}
        return cls(**told | lists | {"size": Size(**told["size"])})


def of_market(overrides: tuple[str, ...]) -> tuple[str, ...]:
    """Return the overrides that do not belong to the agent."""
    return tuple(
        text for text in overrides if not text.lstrip("+~").startswith(("agent.", "agent/", "agent="))
    )
