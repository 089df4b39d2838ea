"""`ploutos data`: build or open the panel and report on its data."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from ploutos.apps.command import command
from ploutos.apps.panels import check_marked, check_task, look_after

if TYPE_CHECKING:
    from ploutos.panel.panel import Panel


def source_text(config: DictConfig) -> str:
    """Return where the bars come from: the kind of source, and its path or tickers."""
    from omegaconf import OmegaConf

    kind = str(config.data.get("_target_", "")).rpartition(".")[2].lower()
    path, tickers = (OmegaConf.select(config, f"data.{key}") for key in ("path", "tickers"))
    if path is not None:
        return f"{kind}: {Path(str(path)).expanduser().absolute()}"
    return f"{kind}: {_short([str(name) for name in tickers])}" if tickers else kind


def prepare(config: DictConfig) -> "tuple[Panel, Path] | None":
    """Check the config, then open the panel or build it; return it and its folder. None for other tasks."""
    from ploutos.apps.parts import build
    from ploutos.apps.preflight import check_folders, check_values
    from ploutos.apps.settings import check_settings

    task = check_task(config)
    if task != "report":
        check_settings({str(key): config[key] for key in ("verify", "unused_days")})
        check_folders(config, read=() if task == "prune" else ("panel.folder",))
        check_marked(config, task)
        return None
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
    coverage, chosen = found.pop("panel", {}), found.pop("universe", {})
    return {
        "address": panel.hash,
        "folder": str(folder),
        "bytes": sum(file.stat().st_size for file in folder.iterdir()),
        "first": first,
        "last": last,
        "sessions_per_year": panel.sessions_per_year,
        "calendar_sessions_per_year": panel.clock.sessions_per_year,
        "features": list(panel.feature_names),
        "macro": list(panel.macro_names),
        "member_share": float(panel.member.mean()),
        **coverage,
        "tickers": list(panel.tickers),  # names, where the coverage counts them
        "universe": chosen,
        "source": found,
    }


def lines(told: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the report as names and values that a person reads."""
    return [
        ("source", told["read_from"]),
        ("rows dropped", dropped(told["source"])),
        ("tickers", f"{len(told['tickers'])}: {_short(told['tickers'])}"),
        ("bars", f"{told['bars']:,} at {told['rows']:,} times"),
        ("from, to", f"{told['first']}  {told['last']}  (bar close)"),
        ("sessions", f"{told['sessions_per_year']:.2f} a year, {_by(told)}"),
        ("gaps", f"{told['gap_cells']:,} bars missing between a ticker's first and last"),
        *corporate(told["source"]),
        ("delisted", str(told["delisted"])),
        ("silent ends", _short(told["silent_ends"]) or "none"),
        *findings(told["source"]),
        *universe(told["universe"]),
        ("members", f"{100 * told['member_share']:.1f} % of times x tickers"),
        ("features", f"{len(told['features'])}: {_short(told['features'])}"),
        ("macro", f"{len(told['macro'])}: {_short(told['macro'])}"),
        ("address", told["address"]),
        ("folder", f"{told['folder']}  ({told['bytes'] / 1e6:,.1f} MB)"),
    ]


def _by(told: dict[str, Any]) -> str:
    """Say where the sessions a year come from."""
    if told["sessions_per_year"] == told["calendar_sessions_per_year"]:
        return "by the calendar"
    return f"by the usual step of its bars (the calendar has {told['calendar_sessions_per_year']:.2f})"


def dropped(source: dict[str, Any]) -> str:
    """Return how many of the rows were dropped, and how many for which reason."""
    from ploutos.data.quality.dropped import losses, lost, share

    if "rows_read" not in source or lost(source) <= 0:
        return "none"
    reasons = ", ".join(f"{loss.name} {loss.rows:,}" for loss in losses(source))
    gone = lost(source)
    return f"{gone:,} of {source['rows_read']:,} ({share(gone, source)}): {reasons}"


def findings(source: dict[str, Any]) -> list[tuple[str, str]]:
    """Return a line for each quality rule that found something, the most serious first."""
    from ploutos.data.quality.table import table_rows

    rules = source.get("rules", [])
    remedies = {rule["rule"]: rule.get("remedy") for rule in rules}
    found = [row for row in table_rows(rules) if row[1] != "-"]
    return [
        ("finding", f"{severity}: {rule} {count} times in {tickers} tickers, {action}; {example}{help_}")
        for (rule, severity, count, tickers, action, _, example), help_ in zip(
            found, (f"; {remedies[row[0]]}" if remedies.get(row[0]) else "" for row in found), strict=True
        )
    ]


def corporate(source: dict[str, Any]) -> list[tuple[str, str]]:
    """Return a line on splits and dividends, and one where the provider refused them."""
    known, refused = source.get("actions", {}), source.get("download", {}).get("without_actions")
    found = []
    if known.get("actions", "adjusted") != "adjusted":
        counts = f"{known.get('splits', 0):,} splits, {known.get('dividends', 0):,} dividends"
        found.append(("corporate", counts))
    if refused:
        names = _short(sorted(refused))
        found.append(("warning", f"the provider gave no splits or dividends of {names}: prices are raw"))
    return found


def universe(told: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what is worth a line of a universe that chooses."""
    rebalances = told.get("rebalances", [])
    if not rebalances:
        return []
    last = rebalances[-1]
    found = [("universe", f"{len(rebalances)} rebalances; {last['date']}: {_short(last['picks'])}")]
    if "survivorship" in told:
        missing = told["survivorship"]
        share = 100 * (missing["without_prices_share_mean"] or 0.0)
        names = f"{missing['members_never_in_data']} of {missing['members_ever']} never have any"
        found.append(
            ("survivorship", f"{share:.1f} % of the index's members have no prices on average; {names}")
        )
    return found


def _short(names: list[str], most: int = 8) -> str:
    return ", ".join(names[:most]) + (f", ... ({len(names) - most} more)" if len(names) > most else "")


def require_sound(folder: Path) -> None:
    """Refuse a panel whose bytes are not those that were written: a flipped bit keeps size and time."""
    from ploutos.panel.store import verify
    from ploutos.types import DataError

    problems = verify(folder)
    if problems:
        raise DataError(f"panel: {folder} is damaged ({'; '.join(problems)}); delete it to have it rebuilt")


def run(config: DictConfig, prepared: "tuple[Panel, Path] | None") -> float:
    """Print the report and write it as JSON and, where rules judged the rows, HTML; or look after panels."""
    from rich.console import Console

    console = Console()

    def say(line: str) -> None:
        console.print(line, soft_wrap=True, highlight=False, markup=False)

    if prepared is None:
        for line in look_after(config, str(config.panels)):
            say(line)
        return 0.0
    if config.verify:
        require_sound(prepared[1])
    told = describe_panel(*prepared) | {"read_from": source_text(config)}
    folder = Path(HydraConfig.get().runtime.output_dir)
    settings = recognised(told["source"], config, folder)
    for name, value in [*lines(told), *written(told, folder, str(config.name)), *settings]:
        say(f"{name:<12}  {value}")
    return float(told["bars"])


def recognised(source: dict[str, Any], config: DictConfig, folder: Path) -> list[tuple[str, str]]:
    """Return and write the settings under which a CSV file was read, as a config; nothing for others."""
    if "layout" not in source:
        return []
    from ploutos.apps.settings_text import settings_text
    from ploutos.tracking.files import replace_file

    choices = {str(group): str(option) for group, option in HydraConfig.get().runtime.choices.items()}
    text = settings_text(source["layout"], config.data, choices, name=str(config.name))
    file = folder / "settings.yaml"
    replace_file(file, text.encode())
    why = [("recognised", reason) for reason in source.get("layout_why", [])]
    return [*why, ("settings", f"{file}\n\n{text}")]


def written(told: dict[str, Any], folder: Path, title: str) -> list[tuple[str, str]]:
    """Write the report into `folder` and return which files there are."""
    from ploutos.report.quality_page import render
    from ploutos.tracking.files import replace_file

    file = folder / "data.json"
    replace_file(file, json.dumps(told, indent=2, default=str).encode())
    files = [("report", str(file))]
    if "rules" in told["source"]:
        page = folder / "quality.html"
        facts = {name: value for name, value in lines(told) if name not in ("finding",)}
        html = render(told["source"], title=title, source=told["read_from"], facts=facts)
        replace_file(page, html.encode())
        files.append(("quality page", str(page)))
    return files


def main() -> int:
    """Compose and report."""
    return command("data", prepare, run)
