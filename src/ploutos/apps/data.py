"""`ploutos data`: build or open the panel and report on its data."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from ploutos.apps.command import command

if TYPE_CHECKING:
    from ploutos.panel.panel import Panel


def prepare(config: DictConfig) -> "tuple[Panel, Path]":
    """Check the config, then open the panel or build it; return it and its folder."""
    from ploutos.apps.parts import build
    from ploutos.apps.preflight import check_folders, check_values

    check_values(config)
    check_folders(config)
    panels = build(config.panel)
    panel = panels.open_or_build(*(build(config[k]) for k in ("data", "macro", "universe", "features")))
    return panel, panels.path(panel.hash).absolute()


def describe_panel(panel: "Panel", folder: Path) -> dict[str, Any]:
    """Return the data-quality report, JSON-ready."""
    from datetime import UTC, datetime

    first, last = (datetime.fromtimestamp(int(panel.ts[k]) / 1e6, UTC).isoformat() for k in (0, -1))
    found = dict(panel.quality)
    coverage = found.pop("panel", {})
    return {
        "address": panel.hash,
        "folder": str(folder),
        "bytes": sum(file.stat().st_size for file in folder.iterdir()),
        "first": first,
        "last": last,
        "sessions_per_year": panel.sessions_per_year,
        "features": list(panel.feature_names),
        "macro": list(panel.macro_names),
        "member_share": float(panel.member.mean()),
        **coverage,
        "tickers": list(panel.tickers),  # names, where the coverage counts them
        "source": found,
    }


def lines(told: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the report as names and values that a person reads."""
    dropped = {
        name.removeprefix("rows_"): value
        for name, value in told["source"].items()
        if name.startswith("rows_") and name not in ("rows_read", "rows_kept")
    }
    return [
        ("tickers", f"{len(told['tickers'])}: {_short(told['tickers'])}"),
        ("bars", f"{told['bars']:,} at {told['rows']:,} times"),
        ("from, to", f"{told['first']}  {told['last']}  (bar close)"),
        ("rows dropped", ", ".join(f"{n} {v:,}" for n, v in dropped.items()) or "none"),
        ("gaps", f"{told['gap_cells']:,} bars missing between a ticker's first and last"),
        ("delisted", str(told["delisted"])),
        ("silent ends", _short(told["silent_ends"]) or "none"),
        ("members", f"{100 * told['member_share']:.1f} % of times x tickers"),
        ("features", f"{len(told['features'])}: {_short(told['features'])}"),
        ("macro", f"{len(told['macro'])}: {_short(told['macro'])}"),
        ("address", told["address"]),
        ("folder", f"{told['folder']}  ({told['bytes'] / 1e6:,.1f} MB)"),
    ]


def _short(names: list[str], most: int = 8) -> str:
    return ", ".join(names[:most]) + (f", ... ({len(names) - most} more)" if len(names) > most else "")


def require_sound(folder: Path) -> None:
    """Refuse a panel whose bytes are not those that were written: a flipped bit keeps size and time."""
    from ploutos.panel.store import verify
    from ploutos.types import DataError

    problems = verify(folder)
    if problems:
        raise DataError(f"panel: {folder} is damaged ({'; '.join(problems)}); delete it to have it rebuilt")


def run(config: DictConfig, prepared: "tuple[Panel, Path]") -> float:
    """Print the report and write `data.json`."""
    from rich.console import Console

    if config.verify:
        require_sound(prepared[1])
    told = describe_panel(*prepared)
    file = Path(HydraConfig.get().runtime.output_dir) / "data.json"
    file.write_text(json.dumps(told, indent=2, default=str))
    console = Console()
    for name, value in [*lines(told), ("report", str(file))]:
        console.print(f"{name:<12}  {value}", soft_wrap=True, highlight=False, markup=False)
    return float(told["bars"])


def main() -> int:
    """Compose and report."""
    return command("data", prepare, run)
