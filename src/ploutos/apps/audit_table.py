"""The two tables of `ploutos audit`: what was tried, and what was found."""

from rich.box import Box
from rich.table import Table

from ploutos.audit.perturb import KINDS
from ploutos.audit.report import Report

_RULE = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
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
            f"{section.columns:,}",
            f"{section.cuts:,}",
            f"{section.comparisons:,}",
            f"{section.seconds:.1f}",
            str(len(section.findings)),
            style="red" if section.findings else "",
        )
    return table


def findings_table(report: Report) -> Table:
    """Return a row a finding, the accepted ones marked."""
    table = Table(box=_RULE, pad_edge=False)
    for name in ("leak", "first time", "data changed after", "how"):
        table.add_column(name, overflow="fold")
    table.add_column("bars ahead", justify="right")
    found = [finding for section in report.sections for finding in section.findings]
    for finding in found[:MOST]:
        known = " (accepted)" if finding.name in report.accepted else ""
        ahead = "-" if finding.bars_ahead is None else f">= {finding.bars_ahead:,}"
        how = "all four" if finding.perturbation == "+".join(KINDS) else finding.perturbation
        table.add_row(finding.name + known, _minute(finding.time), _minute(finding.cut), how, ahead)
    if len(found) > MOST:
        table.add_row(f"... {len(found) - MOST} more in the file")
    return table


def explained(report: Report) -> list[str]:
    """Return a line for each finding without two times, and for what could not be tested."""
    lines = []
    for section in report.sections:
        lines += [f"why   {f.name}: {f.detail}" for f in section.findings[:MOST] if f.bars_ahead is None]
        lines += [f"note  {section.component}: {note}" for note in section.notes]
    return lines


def _minute(time: str | None) -> str:
    return "-" if time is None else time[:16].replace("T", " ")
