"""Where the shipped configuration lies."""

from pathlib import Path


def conf_dir() -> Path:
    """Return the checkout's `conf/` when running from one, else the copy inside the installed package.

    An editable install leaves a stale copy beside the code, so the checkout comes first.
    """
    package = Path(__file__).resolve().parents[1]
    checkout = package.parents[1]
    if (checkout / "pyproject.toml").is_file() and (checkout / "conf" / "train.yaml").is_file():
        return checkout / "conf"
    return package / "conf"
