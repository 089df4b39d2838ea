"""The markets of these benchmarks, and their panels."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir

from ploutos.apps.conf_dir import conf_dir
from ploutos.apps.parts import build


@dataclass(frozen=True)
class Size:
    """A synthetic market of hourly bars that begins in 2010, seven bars a session."""

    tickers: int
    years: int

    def overrides(self, folder: Path) -> list[str]:
        """Return the overrides of `ploutos data` that put its panel into `folder`."""
        return [
            f"data.n_assets={self.tickers}",
            "data.start_date=2010-01-04",
            f"data.years={self.years}",
            "data.session_first_start='09:00'",
            "data.bars_per_session=7",
            "data.delisting.per_year=0.01",
            "features=core",
            f"panel.folder='{folder}'",
        ]

    def __str__(self) -> str:
        return f"{self.tickers} tickers, hourly bars of 2010-{2009 + self.years}"


FULL = Size(tickers=500, years=16)  # 2010 to 2025
QUICK = Size(tickers=50, years=4)
SMALL = Size(tickers=30, years=8)  # sixteen copies of its panel fit into memory
TINY = Size(tickers=2, years=1)

# Bytes a cell of a ticker and a time: 35 features, five prices, expected return, membership; and some room.
BYTES_PER_CELL = 35 * 4 + 5 * 8 + 8 + 1 + 11


def room(size: Size) -> int:
    """Return the bytes of disk that the panel of a market takes, rather too many."""
    return size.tickers * size.years * 262 * 7 * BYTES_PER_CELL


def composed(*overrides: str) -> Any:
    """Return the config of `ploutos data` with `overrides`."""
    with initialize_config_dir(str(conf_dir()), job_name="benchmarks"):
        return compose("data", list(overrides))


def parts(*overrides: str) -> tuple[Any, tuple[Any, ...]]:
    """Return the store of panels, and what a panel is made of."""
    config = composed(*overrides)
    made = tuple(build(config[name]) for name in ("data", "macro", "universe", "features"))
    return build(config.panel), made
