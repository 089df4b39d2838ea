"""What the runs of one launch have in common, in the launching process and in each job's."""

from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from omegaconf import DictConfig

from ploutos.tracking.controller import Controller

TAG = "ploutos.launch"


@dataclass(frozen=True)
class Launch:
    """A command that trains: a name of its own, and the process that controls it."""

    id: str
    controller: Controller

    @classmethod
    def here(cls) -> "Launch":
        """Return a new launch, controlled by this process."""
        return cls(uuid4().hex, Controller.here())


def settle(config: DictConfig | None, launch: Launch | None, reason: str) -> str | None:
    """Mark what `launch` left RUNNING as KILLED, and orphans; return why that failed, None: it did not."""
    from ploutos.apps.parts import build
    from ploutos.tracking import orphans

    if config is None or launch is None:
        return None
    try:
        tracking = build(config.tracking)
        if Path(tracking.database).is_file():
            orphans.settle(
                tracking.open(), reason=reason, ours=lambda run: run.data.tags.get(TAG) == launch.id
            )
    except Exception as error:
        return (str(error).strip().splitlines() or [type(error).__name__])[0]
    return None
