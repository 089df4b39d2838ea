"""Where a fitted regime meets markets and policies."""

from collections.abc import Sequence

import numpy as np

from ploutos.agent.regime_overlay import RegimeOverlay
from ploutos.env.layout import Layout
from ploutos.env.market import Market
from ploutos.panel.panel import Panel
from ploutos.regime.fitted_regime import FittedRegime
from ploutos.types import Fold, Policy


def shown(market: Market, panel: Panel, regime: FittedRegime | None) -> Market:
    """Return the market of `panel` with the columns of `regime`; itself where there is none."""
    return market if regime is None else market.with_macro(*regime.columns(panel))


def overlaid(policy: Policy, layout: Layout, regime: FittedRegime | None) -> Policy:
    """Return `policy` with its exposure scaled by regime; itself where nothing scales it."""
    if regime is None or regime.exposure is None:
        return policy
    return RegimeOverlay(
        policy,
        layout,
        exposure={
            name: regime.exposure[state] for name, state in zip(regime.names, regime.states, strict=True)
        },
        band=regime.exposure_band,
    )


def labels(
    folds: Sequence[Fold], regimes: Sequence[FittedRegime | None], markets: Sequence[Market]
) -> tuple[str, ...] | None:
    """Return `Study.regimes` of the stitched test windows; None where a fold has no regime."""
    found = [""]
    for fold, regime, market in zip(folds, regimes, markets, strict=True):
        if regime is None:
            return None
        rows = fold.test.rows(market.ts)
        decided = market.macro[rows.start - 1 : rows.stop - 1, -len(regime.states) :]
        found += [regime.states[k] for k in np.argmax(decided, axis=1)]
    return tuple(found)
