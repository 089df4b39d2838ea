"""The audit of everything that a composed config names."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ploutos.agent.base import Agent
from ploutos.audit.cuts import choose_cuts, cuts_at_changes
from ploutos.audit.features import MarketData, audit_features
from ploutos.audit.folds import audit_folds
from ploutos.audit.macro import audit_macro
from ploutos.audit.policy import STEPS, PolicyAudit
from ploutos.audit.regime import audit_regime
from ploutos.audit.report import Section
from ploutos.audit.source import audit_source
from ploutos.audit.universe import audit_slots, audit_universe
from ploutos.data.source import Source
from ploutos.env.market import Market
from ploutos.env.portfolio import Portfolio
from ploutos.panel.assemble import Macro, Universe
from ploutos.panel.blocks import FeatureSet
from ploutos.panel.panel import Panel
from ploutos.types import Bars, Fold

COMPONENTS = ("data", "features", "universe", "slots", "macro", "regime", "folds", "policy")


@dataclass(frozen=True, kw_only=True)
class Audited:
    """The components of one config, and what they made.

    Attributes
    ----------
    fold : whose training window the regime and the policy are fitted on.
    agent : a quick one: it is fitted a dozen times.
    source_again, macro_again : make the sources of bars and of macro levels anew.
    """

    bars: Bars
    panel: Panel
    features: FeatureSet
    universe: Universe
    macro: Macro
    regime: Any
    folds: Sequence[Fold]
    fold: Fold
    environment: Portfolio
    agent: Agent
    slots: int | None
    embargo_bars: int
    source_again: Callable[[], Source]
    macro_again: Callable[[], Macro]


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much is tried.

    Attributes
    ----------
    cuts : times after which the data are changed in every way.
    whole_cuts : of these, those at which every component is recomputed on all rows.
    glances : further times, at which features are recomputed after one change.
    seed : of the times and of the changes.
    """

    cuts: int
    whole_cuts: int
    glances: int
    seed: int


def sections(it: Audited, effort: Effort, components: Sequence[str] = COMPONENTS) -> Iterator[Section]:
    """Yield the audit of each of `components`, in the order of `COMPONENTS`."""
    chosen = choose_cuts(it.panel, effort.cuts + effort.glances, effort.seed)
    cuts, glances = chosen[: effort.cuts], chosen[effort.cuts :]
    few, seed = cuts[: effort.whole_cuts], effort.seed
    data = MarketData(bars=it.bars, ts=it.panel.ts, tickers=it.panel.tickers)
    train = it.fold.train.rows(it.panel.ts)
    ts = it.panel.ts
    audits: dict[str, Callable[[], Sequence[Section]]] = {
        "data": lambda: [audit_source(it.source_again, ts, few, seed=seed)],
        "features": lambda: [
            audit_features(it.features, data, cuts, whole=len(few), seed=seed, glances=glances)
        ],
        "universe": lambda: [audit_universe(it.universe, data, few, seed=seed, most=3 * len(few))],
        "slots": lambda: [_slots(it, data, few, seed)],
        "macro": lambda: [
            audit_macro(
                it.macro,
                ts,
                _closes(it.panel),
                cuts,
                seed=seed,
                again=it.macro_again,
                dates=it.panel.clock.dates(ts).astype(np.int64),
            )
        ],
        "regime": lambda: [audit_regime(it.regime, it.panel, train, cuts[: 3 * len(few)], seed=seed)],
        "folds": lambda: [audit_folds(it.folds, ts, embargo_bars=it.embargo_bars)],
        "policy": lambda: _policy(it, train, few, seed),
    }
    for name in COMPONENTS:
        if name in components:
            yield from audits[name]()


def _slots(it: Audited, data: MarketData, cuts: Sequence[int], seed: int) -> Section:
    wanted, _ = it.universe.membership_and_report(data.bars, data.ts, data.tickers)
    traded = np.isfinite(it.panel.open)
    tried = cuts_at_changes(wanted, cuts, 3 * len(cuts), seed)
    return audit_slots(wanted, traded, it.panel.delist_bar, data.ts, it.slots, tried, seed=seed)


def _policy(it: Audited, train: slice, cuts: Sequence[int], seed: int) -> list[Section]:
    """Return the audits of scaler, policy and actions; the first cut lies in the test window of the fold."""
    fitted = it.regime.fit(it.panel, train)

    def market_of(panel: Panel) -> Market:
        market = Market.of(panel)
        return market if fitted is None else market.with_macro(*fitted.columns(panel))

    audit = PolicyAudit(
        agent=it.agent,
        environment=it.environment,
        panel=it.panel,
        train=train,
        validation=it.fold.validation.rows(it.panel.ts),
        market_of=market_of,
        seed=seed,
    )
    test = it.fold.test.rows(it.panel.ts)
    inside = [cut for cut in cuts if test.start <= cut < test.stop]
    first = inside[0] if inside else min(test.start + STEPS, test.stop - 2)
    return audit.sections([first, *(cut for cut in cuts if cut not in (first,))][:4])


def _closes(panel: Panel) -> Any:
    """Return the times of the last bars of the sessions [S]."""
    ends = np.append(np.diff(panel.clock.dates(panel.ts)) != 0, True)
    return panel.ts[ends]
