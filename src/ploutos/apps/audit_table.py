"""The two tables of `ploutos audit`: what was tried, and what was found."""

from rich.box import Box
from rich.table import Table

from ploutos.audit.perturb import ALL, KINDS
from ploutos.audit.report import Report

_RULE = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
WIDE = 105  # characters
MOST = 20  # findings that the terminal shows; the file has all


def sections_table(report: Report) -> Table:
    """Return a row a component."""
    table = Table(box=_RULE, title_justify="left", pad_edge=False)
    table.add_column("audited")
    for name in ("columns", "times", "recomputed", "seconds", "leaks"):
        table.add_column(name, justify="right")
    for section in report.sections:
        table.add_row(
            section.component,
            *(f"{n:,}" if n else "-" for n in (section.columns, section.cuts, section.comparisons)),
            f"{section.seconds:.1f}",
            str(len(section.findings)),
            style="red" if section.findings else "",
        )
    return table


def findings_table(report: Report, *, width: int) -> Table:
    """Return a row a finding, the accepted ones marked; where `width` is small, without the second time."""
    table, wide = Table(box=_RULE, pad_edge=False), width >= WIDE
    table.add_column("leak", no_wrap=True)
    for name in ("first time", *(["data changed after"] if wide else [])):
        table.add_column(name, no_wrap=True)
    table.add_column("how")
    table.add_column("bars ahead", justify="right", no_wrap=True)
    found = [finding for section in report.sections for finding in section.findings]
    for finding in found[:MOST]:
        known = " (accepted)" if finding.name in report.accepted else ""
        ahead = "-" if finding.bars_ahead is None else f">= {finding.bars_ahead:,}"
        times = [_minute(finding.time), *([_minute(finding.cut)] if wide else [])]
        table.add_row(finding.name + known, *times, _how(finding.perturbation), ahead)
    if len(found) > MOST:
        table.add_row(f"... {len(found) - MOST} more in the file")
    return table


def explained(report: Report) -> list[str]:
    """Return a line for each finding without two times, and for what could not be tested."""
    lines = []
    for section in report.sections:
        lines += [f"why   {f.name}: {f.detail}" for f in section.findings[:MOST] if f.bars_ahead is None]
        lines += [f"note  {section.component}: {note}" for note in section.notes]
    found = {finding.name for section in report.sections for finding in section.findings}
    lines += [f"note  accept: {name} was not found" for name in report.accepted if name not in found]
    return lines


def _how(perturbation: str) -> str:
    """Return which changes showed it, in a few words."""
    told = perturbation.split("+")
    missing = [kind for kind in KINDS if kind not in told]
    if not set(told) <= set(KINDS) or len(missing) > 2:
        return " ".join(told)
    return f"all but {' '.join(missing)}" if missing else ALL


def _minute(time: str | None) -> str:
    return "-" if time is None else time[:16].replace("T", " ")
