"""Colours, lines and the bare figure that all of the report's figures start from."""

from typing import Any

import plotly.graph_objects as go

from ploutos.report.series import portfolios
from ploutos.types import Study

# Okabe & Ito's colour-blind-safe palette; blue is the strategy's alone.
STRATEGY = "#0072B2"
STRATEGY_FILL = "rgba(0,114,178,0.16)"
BASELINES = ("#E69F00", "#009E73", "#CC79A7", "#D55E00", "#8C8C8C")
DASHES = ("solid", "dash", "dot")
CASH = "rgba(140,140,140,0.22)"
# Paul Tol's "muted" and "bright" schemes for the many areas of the weights.
AREAS = (
    "#332288", "#88CCEE", "#44AA99", "#117733", "#999933", "#DDCC77", "#CC6677", "#882255", "#AA4499",
    "#4477AA", "#66CCEE", "#228833", "#CCBB44", "#EE6677", "#AA3377",
)  # fmt: skip


def blank(*, height: int) -> go.Figure:
    """Return an empty figure of `height` pixels."""
    return style(go.Figure(), height=height)


def style(figure: go.Figure, *, height: int) -> go.Figure:
    """Set fonts, margins and axes; backgrounds stay clear, the page's script sets the ink of its theme."""
    figure.update_layout(
        template="none",
        height=height,
        margin={"l": 62, "r": 16, "t": 36, "b": 36},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif", "size": 12, "color": "#3b4252"},
        hovermode="x unified",
        legend={"orientation": "h", "x": 0, "y": 1.02, "xanchor": "left", "yanchor": "bottom"},
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": "#A5ABB5", "activecolor": STRATEGY},
        bargap=0.25,
    )
    figure.update_xaxes(showgrid=False, zeroline=False, showline=True, linecolor="#8C8C8C", ticks="outside")
    figure.update_yaxes(gridcolor="rgba(140,140,140,0.22)", zeroline=False, automargin=True)
    return figure


def lines(study: Study) -> list[tuple[str, dict[str, Any]]]:
    """Return baselines first, thin, so that the strategy is drawn over them, thick."""
    baselines = [name for name in portfolios(study) if name != "strategy"]
    styled = [
        (
            name,
            {
                "color": BASELINES[i % len(BASELINES)],
                "width": 1.3,
                "dash": DASHES[(i // len(BASELINES)) % len(DASHES)],
            },
        )
        for i, name in enumerate(baselines)
    ]
    return [*styled, ("strategy", {"color": STRATEGY, "width": 2.4})]
