"""The report's figures, one function each; neutral backgrounds so that the page's theme shows through."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import plotly.graph_objects as go
import polars as pl
from plotly.subplots import make_subplots

from ploutos.backtest.metrics import drawdown, equity_of
from ploutos.report.canvas import AREAS, CASH, STRATEGY, STRATEGY_FILL, blank, lines, style
from ploutos.report.series import fold_spans, months, portfolios, stamps, stride, thinned_minimum
from ploutos.report.text import escape
from ploutos.types import Study


def equity(study: Study, *, points: int) -> go.Figure:
    """Draw equity of strategy and baselines, 100 = starting capital, with the folds' borders."""
    figure = blank(height=420)
    for name, line in lines(study):
        values = equity_of(portfolios(study)[name].bars)
        rows = stride(values.size, points)
        _add(figure, study, name, rows, 100 * values[rows] / values[0], line, "%{y:.1f}")
    _mark_folds(figure, study)
    figure.update_yaxes(title="equity (100 = start)")
    return figure


def underwater(study: Study, *, points: int) -> go.Figure:
    """Draw the drawdown in %; thinned to each interval's worst bar."""
    figure = blank(height=300)
    for name, line in lines(study):
        fall = 100 * drawdown(equity_of(portfolios(study)[name].bars))
        rows = stride(fall.size, points)
        fill = {"fill": "tozeroy", "fillcolor": STRATEGY_FILL} if name == "strategy" else {}
        _add(figure, study, name, rows, thinned_minimum(fall, rows), line, "%{y:.1f} %", **fill)
    figure.update_yaxes(title="drawdown, %")
    return figure


def weights(study: Study, *, points: int, tickers: int) -> go.Figure | None:
    """Stack the weights of the `tickers` largest holdings, the rest and cash; None if nothing was held."""
    frame = study.track.positions.select("ts", "ticker", pl.col("weight").fill_null(0.0).fill_nan(0.0))
    size = frame.group_by("ticker").agg(pl.col("weight").abs().mean()).filter(pl.col("weight") > 0)
    if size.is_empty():
        return None
    ranked = size.sort("weight", "ticker", descending=[True, False])["ticker"].to_list()
    ts = study.track.bars["ts"].gather(stride(study.track.bars.height, points))
    wide = pl.DataFrame({"ts": ts}).join(
        frame.filter(pl.col("ts").is_in(ts.implode())).pivot(on="ticker", index="ts", values="weight"),
        on="ts",
        how="left",
        maintain_order="left",
    )
    held = {name: wide[name].fill_null(0.0).to_numpy() for name in ranked if name in wide.columns}
    layers = {escape(name): held[name] for name in list(held)[:tickers]}
    rest = list(held)[tickers:]
    if rest:
        layers[f"{len(rest)} others"] = np.sum([held[name] for name in rest], axis=0)
    figure = blank(height=460)
    x = stamps(ts, study.clock.timezone)
    for i, (name, values) in enumerate(layers.items()):
        _stack(figure, x, name, 100 * values, AREAS[i % len(AREAS)] if i < tickers else "#767676")
    cash = 100 - 100 * np.sum(list(layers.values()), axis=0)
    _stack(figure, x, "cash", np.maximum(cash, 0.0), CASH)
    figure.update_yaxes(title="share of equity, %")
    place = {"orientation": "v", "x": 1.01, "y": 1, "xanchor": "left", "yanchor": "top"}
    figure.update_layout(legend={**place, "tracegroupgap": 0, "font": {"size": 11}})
    return figure


def trading(study: Study) -> go.Figure:
    """Draw turnover and costs by calendar month."""
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.08)
    style(figure, height=400)
    tracks = portfolios(study)
    for name, line in lines(study):
        sums = months(tracks[name], study.clock)
        for row, values in ((1, sums.turnover), (2, sums.cost_pct)):
            common: dict[str, Any] = {
                "name": escape(name),
                "legendgroup": name,
                "showlegend": row == 1,
                "legendrank": 1 if name == "strategy" else 2,
            }
            hover = "%{y:.2f}" + (" × equity" if row == 1 else " %")
            trace = (
                go.Bar(x=sums.month, y=values, marker={"color": STRATEGY}, hovertemplate=hover, **common)
                if name == "strategy"
                else go.Scatter(x=sums.month, y=values, line=line, hovertemplate=hover, **common)
            )
            figure.add_trace(trace, row=row, col=1)
    figure.update_yaxes(title="turnover, × equity", row=1, col=1)
    figure.update_yaxes(title="cost, % of equity", row=2, col=1)
    return figure


def fan(study: Study, evidence: dict[str, Any], *, points: int) -> go.Figure | None:
    """Draw the quantiles of the price-noise replays around the track; None if the evidence lacks them."""
    names = ("q05", "q25", "q50", "q75", "q95")
    if not evidence.get("ts") or any(len(evidence.get(q, ())) != len(evidence["ts"]) for q in names):
        return None
    values = equity_of(study.track.bars)
    zone = ZoneInfo(study.clock.timezone)
    x = [datetime.fromisoformat(t).astimezone(zone).strftime("%Y-%m-%d %H:%M") for t in evidence["ts"]]
    q = {name: 100 * np.asarray(evidence[name], dtype=np.float64) / values[0] for name in names}
    figure = blank(height=360)
    for low, high, label, shade in (("q05", "q95", "90 %", 0.16), ("q25", "q75", "50 %", 0.30)):
        edge: dict[str, Any] = {"x": x, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
        figure.add_scatter(y=q[low], showlegend=False, **edge)
        fill = f"rgba(230,159,0,{shade})"
        figure.add_scatter(y=q[high], fill="tonexty", fillcolor=fill, name=f"{label} of replays", **edge)
    middle = {"color": "#B87700", "width": 1.5, "dash": "dash"}
    figure.add_scatter(x=x, y=q["q50"], line=middle, name="median replay", hovertemplate="%{y:.1f}")
    rows = stride(values.size, points)
    line = {"color": STRATEGY, "width": 2}
    _add(figure, study, "strategy", rows, 100 * values[rows] / values[0], line, "%{y:.1f}")
    figure.add_hline(y=100, line={"color": "#8C8C8C", "width": 1, "dash": "dot"})
    figure.update_yaxes(title="equity (100 = start)")
    return figure


def _add(
    figure: go.Figure,
    study: Study,
    name: str,
    rows: Any,
    y: Any,
    line: dict[str, Any],
    hover: str,
    **fill: Any,
) -> None:
    """Add one portfolio's line at the chosen bar rows."""
    ts = portfolios(study)[name].bars["ts"].gather(rows)
    figure.add_scatter(
        x=stamps(ts, study.clock.timezone),
        y=y,
        mode="lines",
        line=line,
        name=escape(name),
        hovertemplate=hover,
        legendrank=1 if name == "strategy" else 2,
        **fill,
    )


def _stack(figure: go.Figure, x: list[str], name: str, values: Any, color: str) -> None:
    """Stack longs upwards and shorts downwards from zero."""
    for group, part in (("long", np.maximum(values, 0.0)), ("short", np.minimum(values, 0.0))):
        if group == "long" or part.any():
            figure.add_scatter(
                x=x,
                y=part,
                name=name,
                legendgroup=name,
                showlegend=group == "long",
                mode="lines",
                line={"width": 0, "shape": "hv"},
                fillcolor=color,
                stackgroup=group,
                hovertemplate="%{y:.1f} %",
            )


def _mark_folds(figure: go.Figure, study: Study) -> None:
    """Rule off the folds and name them; a single fold needs neither."""
    spans = fold_spans(study.track)
    if len(spans) < 2:
        return
    for position, (fold, bars) in enumerate(spans):
        start = stamps(bars["ts"][:1], study.clock.timezone)[0]
        if position:
            figure.add_vline(x=start, line={"color": "rgba(140,140,140,0.6)", "width": 1, "dash": "dot"})
        label = {"text": f"fold {fold}", "showarrow": False, "font": {"size": 11, "color": "#8C8C8C"}}
        figure.add_annotation(
            x=start, y=0.0, yref="paper", xanchor="left", yanchor="bottom", xshift=3, **label
        )
