"""How a run is called in MLflow: its name and what was changed on the command line."""

from collections.abc import Iterable

SILENT = (
    "experiment",
    "name",
    "fold",
    "seed",
    "resume",
    "data.path",
    "tracking.",
    "panel.",
    "checkpoints.",
    "hydra",
)
MAX_LENGTH = 120


def label(name: str, overrides: Iterable[str]) -> str:
    """Return `name` and the overrides that tell one study from another, shortened to fit a table."""
    told = [o for o in overrides if not o.lstrip("+~").startswith(SILENT)]
    text = " ".join([name, *told])
    return text if len(text) <= MAX_LENGTH else text[: MAX_LENGTH - 3] + "..."
