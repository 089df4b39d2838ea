"""The short summary at the end of a run: plain ASCII, in a terminal or a log file."""

from rich.box import Box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ploutos.backtest.by_regime import FIGURES, by_regime
from ploutos.backtest.metrics import session_returns, summary, yearly_returns
from ploutos.report.series import portfolios
from ploutos.report.text import figures, plain
from ploutos.types import Study, Verdict

# A rule under the header and nothing else; ASCII, so that a log file shows it as a terminal does.
_RULE = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
# key, row title with unit, digits
_ROWS = (
    ("sharpe", "Sharpe, a year", 2),
    ("max_drawdown_pct", "max drawdown, %", 1),
    ("return_annual_pct", "return, % a year", 1),
    ("vol_annual_pct", "volatility, % a year", 1),
    ("turnover_annual", "turnover, x a year", 1),
    ("cost_annual_pct", "cost, % a year", 2),
)


def render(study: Study, verdict: Verdict) -> RenderableType:
    """Return figures of the strategy and each baseline, then every check, then the verdict."""
    outcome, color = ("ACCEPTED", "green") if verdict.accepted else ("REJECTED", "red")
    line = Text.assemble((outcome, f"bold {color}"), ": ", _ascii(verdict.reason))
    notes = [
        Text(_ascii(f"{check.name}: {check.summary}"), style="dim")
        for check in verdict.checks
        if check.value is None
    ]
    states: list[RenderableType] = [] if study.regimes is None else [Text(), _regimes(study)]
    return Group(_figures(study), *states, Text(), _checks(verdict), *notes, Text(), line)


def _figures(study: Study) -> Table:
    """Return a table with a row a figure and a column a portfolio: years grow downwards, not wider."""
    tracks = portfolios(study)
    table = _table("out of sample")
    for i, name in enumerate(tracks):
        # Names break at their underscores, so that many baselines still fit.
        table.add_column(
            Text(_ascii(name).replace("_", " ")), justify="right", style="bold" if i == 0 else ""
        )
    clock = study.clock
    values = [summary(track, study.sessions_per_year, clock) for track in tracks.values()]
    for key, title, digits in _ROWS:
        table.add_row(title, *(plain(each[key], digits) for each in values))
    by_year = [yearly_returns(*session_returns(track.bars, clock)) for track in tracks.values()]
    for year in sorted({year for each in by_year for year in each}):
        table.add_row(f"return {year}, %", *(_percent(each.get(year)) for each in by_year))
    return table


def _regimes(study: Study) -> Table:
    """Return a table with a row a regime."""
    table = _table("regime")
    for _, title, unit, _ in FIGURES:
        table.add_column(Text(f"{title}, {unit}".lower()), justify="right")
    for name, values in by_regime(study).items():
        table.add_row(Text(_ascii(name)), *(plain(values[key], digits) for key, _, _, digits in FIGURES))
    return table


def _checks(verdict: Verdict) -> Table:
    table = _table("check")
    for title in ("result", "value", "threshold", "role"):
        table.add_column(title, justify="right" if title in ("value", "threshold") else "left", no_wrap=True)
    for check in verdict.checks:
        color = "green" if check.passed else ("red" if check.gate else "yellow")
        table.add_row(
            Text(_ascii(check.name)),
            Text("pass" if check.passed else "FAIL", style=color),
            figures(check.value),
            figures(check.threshold),
            "gate" if check.gate else "informs",
        )
    return table


def _table(first: str) -> Table:
    table = Table(box=_RULE, show_edge=False, pad_edge=False, header_style="dim")
    table.add_column(first, overflow="fold", max_width=44)
    return table


def _percent(value: float | None) -> str:
    return plain(None if value is None else 100 * value, 1, sign=True)


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode("ascii")
