"""Process-wide state of a study: Hydra offers no other way from a callback to the entry point and jobs."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ploutos.apps.children import Place
    from ploutos.apps.study_context import Launched

launched: "Launched | None" = None  # set in the launching process
place: "Place | None" = None  # set in each job's process


def _ignore(_: "Launched") -> None:
    """Do nothing."""


on_launched: "Callable[[Launched], None]" = _ignore  # set by the entry point, called once prepared
