"""The report's tables, one function each, as HTML; every name passes `escape`."""

from collections.abc import Iterable, Sequence

from ploutos.backtest.by_regime import FIGURES, by_regime
from ploutos.backtest.metrics import monthly_returns, session_returns, sharpe, summary, yearly_returns
from ploutos.report.series import fold_spans, portfolios
from ploutos.report.text import escape, figures, number
from ploutos.types import Child, Study, Verdict

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
COLUMNS = (
    ("sharpe", "Sharpe", "a year", 2),
    ("sortino", "Sortino", "a year", 2),
    ("return_annual_pct", "Return", "% a year", 1),
    ("vol_annual_pct", "Volatility", "% a year", 1),
    ("max_drawdown_pct", "Max drawdown", "%", 1),
    ("total_return_pct", "Total return", "%", 1),
    ("turnover_annual", "Turnover", "× equity a year", 1),
    ("cost_annual_pct", "Cost", "% a year", 2),
    ("gross_mean", "Exposure", "mean, × equity", 2),
)


def table(head: Iterable[str], rows: Iterable[Sequence[str]], *, css: str = "") -> str:
    """Wrap ready cells (`<td>…` or `<th>…`) into a table that scrolls sideways when it must."""
    body = "\n".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return (
        f'<div class="scroll"><table class="{css}"><thead><tr>{"".join(head)}</tr></thead>'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def _head(name: str, unit: str = "", *, css: str = "num") -> str:
    return f'<th scope="col" class="{css}">{escape(name)}' + (
        f"<small>{escape(unit)}</small></th>" if unit else "</th>"
    )


def _row_head(name: object) -> str:
    return f'<th scope="row">{escape(name)}</th>'


def _num(value: float | None, digits: int, *, sign: bool = False) -> str:
    return f'<td class="num">{number(value, digits, sign=sign)}</td>'


def _pill(text: str, kind: str) -> str:
    return f'<span class="pill {kind}">{escape(text)}</span>'


def key_figures(study: Study) -> str:
    """Return the figures of the strategy and of each baseline."""
    rows = []
    for name, track in portfolios(study).items():
        values = summary(track, study.sessions_per_year, study.clock)
        rows.append([_row_head(name), *(_num(values[key], digits) for key, _, _, digits in COLUMNS)])
    head = [_head("Portfolio", css=""), *(_head(title, unit) for _, title, unit, _ in COLUMNS)]
    return table(head, rows, css="figures")


def years(study: Study) -> str:
    """Return each calendar year's return in % for the strategy and each baseline."""
    by_name = {
        name: yearly_returns(*session_returns(track.bars, study.clock))
        for name, track in portfolios(study).items()
    }
    labels = sorted({year for values in by_name.values() for year in values})
    rows = [
        [_row_head(name), *(_shaded(values.get(year), span=40) for year in labels)]
        for name, values in by_name.items()
    ]
    head = [_head("Portfolio", css=""), *(_head(str(year), "%") for year in labels)]
    return table(head, rows, css="figures narrow")


def regimes(study: Study) -> str:
    """Return the strategy's figures in each regime; empty where none is configured."""
    rows = [
        [_row_head(name), *(_num(values[key], digits) for key, _, _, digits in FIGURES)]
        for name, values in by_regime(study).items()
    ]
    head = [_head("Regime", css=""), *(_head(title, unit) for _, title, unit, _ in FIGURES)]
    return table(head, rows, css="figures narrow equal") if rows else ""  # no row stands out


def _shaded(value: float | None, *, span: float, css: str = "num") -> str:
    """Return a cell of a return (a fraction, shown in %), shaded blue or orange up to `span` %."""
    if value is None:
        return '<td class="num"></td>'
    strength = min(1.0, abs(100 * value) / span) * 0.55
    color = f"rgba(0,114,178,{strength:.2f})" if value >= 0 else f"rgba(213,94,0,{strength:.2f})"
    return f'<td class="{css}" style="background:{color}">{number(100 * value, 1, sign=True)}</td>'


def monthly(study: Study) -> str:
    """Return the strategy's return in % by month, with each year's total."""
    dates, returns = session_returns(study.track.bars, study.clock)
    by_month, by_year = monthly_returns(dates, returns), yearly_returns(dates, returns)
    if not by_year:
        return '<p class="note">No session yet.</p>'
    rows = [
        [
            _row_head(year),
            *(_shaded(by_month.get((year, month)), span=10) for month in range(1, 13)),
            _shaded(total, span=40, css="num total"),
        ]
        for year, total in by_year.items()
    ]
    return table([_head("%", css=""), *map(_head, MONTHS), _head("Year")], rows, css="heat")


def windows(study: Study) -> str:
    """Return each fold's windows and the council's own figures on it."""
    spans = dict(fold_spans(study.track))
    rows = []
    for fold in study.folds:
        cells = [_row_head(fold.index)]
        for window in (fold.train, fold.validation, fold.test):
            empty = window.start >= window.end
            text = "none" if empty else f"{window.start:%Y-%m-%d} to {window.end:%Y-%m-%d}"
            cells.append(f'<td class="nowrap">{text}</td>')
        cells.append(_num(float(fold.embargo_bars), 0))
        if fold.index in spans:
            _, returns = session_returns(spans[fold.index], study.clock)
            growth = 100 * (float((1 + returns).prod()) - 1)
            cells += [_num(sharpe(returns, study.sessions_per_year), 2), _num(growth, 1, sign=True)]
        else:
            cells += ['<td class="num">n/a</td>'] * 2
        rows.append(cells)
    head = [_head("Fold", css=""), *(_head(name, css="") for name in ("Train", "Validation", "Test"))]
    head += [_head("Embargo", "bars"), _head("Sharpe", "council, test"), _head("Return", "council, test, %")]
    return table(head, rows)


def children(study: Study) -> str:
    """Return the fold x seed grid: each member's own test Sharpe ratio, and what became of its run."""
    if not study.children:
        return '<p class="note">This study has no training runs.</p>'
    runs = {(child.fold, child.seed): child for child in study.children}
    folds, seeds = sorted({fold for fold, _ in runs}), sorted({seed for _, seed in runs})
    rows = [[_row_head(fold), *(_child(runs.get((fold, seed))) for seed in seeds)] for fold in folds]
    head = [_head("Fold", css=""), *(_head(f"seed {seed}", "test Sharpe") for seed in seeds)]
    grid = table(head, rows, css="narrow")
    lost = [child for child in study.children if child.state != "FINISHED"]
    items = "".join(
        f"<li>fold {child.fold}, seed {child.seed}: {escape(child.state)}. {escape(child.reason or '')}</li>"
        for child in lost
    )
    return grid + (f'<ul class="note">{items}</ul>' if items else "")


def _child(child: Child | None) -> str:
    if child is None:
        return f'<td class="num">{_pill("no run", "bad")}</td>'
    pill = "" if child.state == "FINISHED" else " " + _pill(child.state.lower(), "bad")
    value = (child.metrics or {}).get("test_sharpe")
    shown = number(value) if value is not None or not pill else ""
    return f'<td class="num" title="run {escape(child.run_id or "none")}">{shown}{pill}</td>'


def checks(verdict: Verdict) -> str:
    """Return every check: result, value against threshold, whether it can reject, and what was found."""
    if not verdict.checks:
        return '<p class="note">No check was asked.</p>'
    rows = []
    for check in verdict.checks:
        kind = "good" if check.passed else ("bad" if check.gate else "mild")
        rows.append(
            [
                _row_head(check.name),
                f"<td>{_pill('passed' if check.passed else 'failed', kind)}</td>",
                f'<td class="num">{escape(_unicode(figures(check.value)))}</td>',
                f'<td class="num">{escape(_unicode(figures(check.threshold)))}</td>',
                f"<td>{'gate' if check.gate else 'informs'}</td>",
                f'<td class="wide">{escape(check.summary)}</td>',
            ]
        )
    head = [_head("Check", css=""), _head("Result", css=""), _head("Value"), _head("Threshold")]
    return table([*head, _head("Role", css=""), _head("Finding", css="")], rows)


def _unicode(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}") if text != "n/a" else text


def warnings(texts: Sequence[str]) -> str:
    """Return what a reader should know before any figure, as a list; empty where there is nothing."""
    items = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f'<ul class="warnings">{items}</ul>' if items else ""


def facts(values: dict[str, str]) -> str:
    """Return name-value pairs about the run."""
    pairs = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in values.items())
    return f"<dl>{pairs}</dl>" if pairs else ""
