"""Figures as rows of the record and as tables of Markdown."""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from benchmarks.learning.figures import NO_ALPHA, Figure, Found, Key, curve, seconds_to_enough
from benchmarks.learning.plan import CURVE, FIRST, GOALS
from benchmarks.learning.run import Run
from benchmarks.record import Row

References = Mapping[Run, Found]


def rows(
    figures: Mapping[Key, Figure],
    trained: Mapping[Run, Found],
    references: References,
    failed: Mapping[str, str],
) -> Iterator[Row]:
    """Yield the rows: what there is to learn, what was learned, how fast, and what failed."""
    for market, (equal, oracle, seeds) in yardsticks(references).items():
        note = f"net Sharpe ratio a year, mean over market seeds {seeds}"
        yield Row(f"learning.oracle.{market}.sharpe", oracle, "a year", "equal weight", equal, note=note)
    for (market, subject, mark), figure in figures.items():
        if mark in own_marks(trained, market, subject):
            yield _row(market, subject, mark, figure)
    for run, found in trained.items():
        known = references.get(run.reference())
        if len(found["moments"]) > 2 and known is not None and run.market == FIRST:
            yield _speed(run, curve(run, found, known))
    for name, why in failed.items():
        yield Row(f"learning.{name}", None, "", note=f"failed: {why}")


def own_marks(trained: Mapping[Run, Found], market: str, subject: str) -> set[float]:
    """Return the marks that every seed has: those of a curve belong to one run alone."""
    marks = [set(run.marks) for run in trained if run.market == market and run.subject == subject]
    common = set.intersection(*marks)
    return common - set(CURVE) | {m for m in common if m in (60.0, max(common))}


def _row(market: str, subject: str, mark: float, figure: Figure) -> Row:
    goal = GOALS.get((subject, market))
    what, unit = ("sharpe_over_equal", "a year") if market == NO_ALPHA else ("oracle_share", "")
    each = ", ".join(f"{seed}: {value:.3f}" for seed, value in figure.values.items())
    note = (
        f"{interval(figure)}; seeds {each}; net Sharpe ratio {figure.sharpe:.2f};"
        f" {figure.seconds:.0f} s, {figure.steps:,.0f} steps"
    )
    metric = f"learning.{subject}.{market}.{what}_{mark:g}s"
    if goal is None or mark < 300:
        return Row(metric, figure.mean, unit, note=note)
    return Row(metric, figure.mean, unit, "goal", goal, figure.mean / goal, note)


def interval(figure: Figure) -> str:
    """Return the interval in words."""
    low, high = figure.interval
    return "one seed" if math.isnan(low) else f"95 % interval {low:.3f} ... {high:.3f}"


def _speed(run: Run, points: list[tuple[float, float]]) -> Row:
    metric = f"learning.{run.subject}.{run.market}.seconds_to_80"
    found = seconds_to_enough(points)
    path = ", ".join(f"{seconds:.0f} s {value:.2f}" for seconds, value in points)
    if found is None:
        return Row(metric, None, "s", note=f"never above equal weight: {path}")
    seconds, best = found
    note = f"until 80 % of its best share, {best:.2f}, in one run of {run.seconds:g} s: {path}"
    return Row(metric, seconds, "s", note=note)


def yardsticks(references: References) -> dict[str, tuple[float, float, str]]:
    """Return by market the mean Sharpe ratios of equal weight and the oracle, and the seeds."""
    by_market: dict[str, list[tuple[int, float, float]]] = {}
    for run, found in references.items():
        pair = found["equal_weight"]["sharpe"], found["oracle"]["sharpe"]
        by_market.setdefault(run.market, []).append((run.seed, *pair))
    return {
        market: (
            float(np.mean([equal for _, equal, _ in values])),
            float(np.mean([oracle for _, _, oracle in values])),
            ", ".join(str(seed) for seed, _, _ in values),
        )
        for market, values in by_market.items()
    }


def markdown(figures: Mapping[Key, Figure], trained: Mapping[Run, Found], references: References) -> str:
    """Return the tables for a README: shares of the oracle's gain by subject and market."""
    known = yardsticks(references)
    markets = list(known)
    lines = [_line(["net Sharpe ratio", *markets]), _line(["---"] * (len(markets) + 1))]
    lines.append(_line(["equal weight", *(f"{known[m][0]:.2f}" for m in markets)]))
    lines.append(_line(["oracle", *(f"{known[m][1]:.2f}" for m in markets)]))
    marks = sorted({mark for m, s, mark in figures if mark in own_marks(trained, m, s)})
    for mark in marks:
        subjects = list(dict.fromkeys(s for m, s, at in figures if at == mark))
        table = [
            [subject, *(_cell(figures.get((market, subject, mark))) for market in markets)]
            for subject in subjects
        ]
        lines += ["", _line([f"after {mark:g} s", *markets]), _line(["---"] * (len(markets) + 1))]
        lines += [_line(row) for row in table if any(row[1:])]
    return "\n".join(lines) + "\n"


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return ""
    low, high = figure.interval
    return f"{figure.mean:.2f}" if math.isnan(low) else f"{figure.mean:.2f} [{low:.2f}, {high:.2f}]"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
