"""Puts figures and tables into the page's template; nothing in the page loads from anywhere else."""

from collections.abc import Callable
from importlib.resources import files
from string import Template
from typing import Any

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from ploutos.backtest.metrics import session_returns, summary
from ploutos.report import figures, tables
from ploutos.report.series import portfolios
from ploutos.report.text import escape, number
from ploutos.types import Study, Verdict

_CONFIG = {
    # Plotly offers by default to upload a figure; a report stays where it was written.
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "displaylogo": False,
    "responsive": True,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
}
# key, title, digits, unit, which of the baselines is the best
_TILES: tuple[tuple[str, str, int, str, Callable[..., Any]], ...] = (
    ("sharpe", "Sharpe ratio", 2, "", max),
    ("max_drawdown_pct", "Max drawdown", 1, " %", min),
    ("return_annual_pct", "Return a year", 1, " %", max),
    ("total_return_pct", "Total return", 1, " %", max),
)


def render(
    study: Study,
    verdict: Verdict,
    *,
    settings: str,
    facts: dict[str, str],
    warnings: tuple[str, ...],
    curve_points: int,
    weight_points: int,
    top_tickers: int,
) -> str:
    """Return the whole page.

    `settings` is the resolved configuration as text, `facts` are about the run, `warnings` stand before the
    figures.
    """
    noise = next((check for check in verdict.checks if check.name == "price_noise"), None)
    fan = figures.fan(study, noise.evidence, points=curve_points) if noise else None
    held = figures.weights(study, points=weight_points, tickers=top_tickers)
    return _asset("page.html").substitute(
        title=escape(study.name),
        style=_asset("page.css").template,
        script=_asset("page.js").template,
        plotly=get_plotlyjs(),
        outcome="accepted" if verdict.accepted else "rejected",
        reason=escape(verdict.reason),
        span=escape(_span(study)),
        warnings=tables.warnings(warnings),
        tiles=_tiles(study),
        key_figures=tables.key_figures(study),
        years=tables.years(study),
        regimes=_regimes(study),
        checks=tables.checks(verdict),
        equity=_embed("equity-figure", figures.equity(study, points=curve_points)),
        drawdown=_embed("drawdown-figure", figures.underwater(study, points=curve_points)),
        monthly=tables.monthly(study),
        weights=_embed("weights-figure", held) if held else _note("All cash: nothing was ever held."),
        trading=_embed("trading-figure", figures.trading(study)),
        windows=tables.windows(study),
        children=tables.children(study),
        fan=_embed("fan-figure", fan) if fan else _note(_no_fan(noise)),
        noise=escape(noise.summary) + "." if fan and noise else "",
        facts=tables.facts(facts),
        settings=escape(settings),
    )


def _asset(name: str) -> Template:
    return Template(files("ploutos.report").joinpath(name).read_text(encoding="utf-8"))


def _embed(name: str, figure: go.Figure) -> str:
    """Return the figure's element and script, without the library, which the page holds once."""
    html: str = figure.to_html(full_html=False, include_plotlyjs=False, div_id=name, config=_CONFIG)
    return html


def _regimes(study: Study) -> str:
    if study.regimes is None:
        return ""
    lead = (
        "A session counts for the regime that was most likely before it, by the filter of its fold; the"
        " figures of a regime are those of its sessions one after the other."
    )
    return f"<h3>Return by regime</h3>\n{tables.regimes(study)}\n{_note(lead)}"


def _note(text: str) -> str:
    return f'<p class="note">{escape(text)}</p>'


def _no_fan(noise: Any) -> str:
    if noise is None:
        return "The price-noise check was not asked."
    return f"No fan to draw. {noise.summary}."


def _span(study: Study) -> str:
    """Say what the record covers."""
    dates, _ = session_returns(study.track.bars, study.clock)
    done = sum(child.state == "FINISHED" for child in study.children)
    covered = f"Out of sample {dates[0]} to {dates[-1]}" if dates.size else "No session out of sample"
    folds = "1 fold" if len(study.folds) == 1 else f"{len(study.folds)} folds"
    return f"{covered} · {dates.size} sessions · {folds} · {done} of {len(study.children)} runs finished"


def _tiles(study: Study) -> str:
    """Return the headline figures, each beside the best baseline's."""
    clock = study.clock
    ours, *others = (
        (name, summary(track, study.sessions_per_year, clock)) for name, track in portfolios(study).items()
    )
    parts = []
    for key, title, digits, unit, best in _TILES:
        note = "no baseline"
        if others:
            name, theirs = best(others, key=lambda other, key=key: other[1][key])
            note = f"best baseline {number(theirs[key], digits)}{unit} ({escape(name)})"
        parts.append(
            f'<div class="tile"><span>{title}</span>'
            f"<b>{number(ours[1][key], digits)}{unit}</b><small>{note}</small></div>"
        )
    return "".join(parts)
