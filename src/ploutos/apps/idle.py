"""Policies that did nothing: their figures are those of cash, and look like those of a cautious strategy."""

import polars as pl

from ploutos.types import Child, Study

TURNOVER = "test_turnover_annual"
MOST_NAMED = 6


def never_traded(study: Study) -> tuple[str, ...]:
    """Return what a reader should know of folds and of policies without a single trade, one line each.

    A fold's council may stand still although its members trade: their votes cancel out, or none reaches what
    a trade needs. So both are looked at, members by what their own backtests left.
    """
    told = []
    moved = study.track.bars.group_by("fold").agg(pl.col("turnover").sum())
    traded = {int(fold) for fold in moved.filter(pl.col("turnover") > 0)["fold"]}
    idle = [fold.index for fold in study.folds if fold.index not in traded]
    if len(idle) == len(study.folds):
        told.append("the strategy never traded out of sample: all its figures are those of cash")
    elif idle:
        named = _named([f"fold {index}" for index in idle])
        told.append(f"the strategy never traded in {len(idle)} of {len(study.folds)} test windows ({named})")
    still = [child for child in study.children if _is_idle(child)]
    if still:
        named = _named([f"fold {child.fold} seed {child.seed}" for child in still])
        of = f"{len(still)} of {len(study.children)} policies" if len(study.children) > 1 else "the policy"
        told.append(f"{of} never traded in the test window ({named})")
    return tuple(told)


def _is_idle(child: Child) -> bool:
    return (child.metrics or {}).get(TURNOVER) == 0.0


def _named(names: list[str]) -> str:
    return ", ".join(names[:MOST_NAMED]) + (", ..." if len(names) > MOST_NAMED else "")
