"""Prices that contradict the known splits."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import numpy as np
import polars as pl
from pydantic import Field

from ploutos.data.corporate.adjust import effective_rows
from ploutos.data.quality.finding import Finding, Rule, Severity, finding, refusal
from ploutos.data.quality.jump_evidence import nearest_ratio, ratio_text
from ploutos.data.quality.places import Places
from ploutos.data.quality.session_bars import Floats, SessionBars, session_bars
from ploutos.data.quality.split_evidence import contradicted, undeclared
from ploutos.types import checked

Odds = Annotated[float, Field(gt=1, allow_inf_nan=False)]

DECLARED = (
    "the prices are adjusted for it already: data.actions.split=null (or data/actions=adjusted, if for"
    " dividends too); or its ratio or date is wrong: a split is new shares for one old, on the first session"
    " that trades without it"
)
UNDECLARED = (
    "name it (data/actions=columns with data.columns.split), mend the price, or read prices that are adjusted"
    " for splits; a distribution as large looks the same"
)
UNMOVED = 0.03
"""Log move that is none, and what is left beside a split: for a name of what the price shows."""
NOT_THERE, NOT_TOLD = "split_not_in_price", "undeclared_split"


class SplitMismatch:
    """A declared split at which the price did not move so, and a gap like a split that nobody declared.

    A gap is the log of a session's open over the close of the ticker's session before. It is judged by the
    name's own gaps, 60 sessions on either side, as a Student t with three degrees of freedom: under a split,
    what remains of the gap is such a move; under a jump, all of it is. A split must also stay (the level of
    three sessions), and it changes neither turnover nor the session's range, as real jumps do. Later bars
    take part: this rule tells and never masks.

    Parameters
    ----------
    action : what to do with such a row.
    odds : likelihood ratio of an undeclared split over a jump from which on it is told.
    declared_odds : likelihood ratio of a price without, or with the inverse of, a declared split over one
        with it from which on it is told.
    """

    name = "split_mismatch"
    severity: Severity = "error"

    @checked
    def __init__(self, *, action: Literal["kept", "refused"], odds: Odds, declared_odds: Odds) -> None:
        self.action = action
        self.odds = float(odds)
        self.declared_odds = float(declared_odds)

    def apply(
        self, frame: pl.DataFrame, placed: Places, *, file: str, splits: pl.DataFrame | None
    ) -> list[Finding]:
        """Judge the gaps of the frame that was placed; `splits` as in `Quality.check_series`.

        Examples: `ts` the close of the session's first bar, `before` the close before it, `open`, and the
        declared `split` or the `ratio` that the gap is like.
        """
        bars = session_bars(frame, placed)
        moves, told = _declared(frame, placed, bars, splits)
        jumps = undeclared(bars, moves, float(np.log(self.odds)))
        absent = dict(self._absent(bars, moves, told))
        absent = {
            jump.pair: _ratio(float(bars.gap[jump.pair])) for jump in jumps if jump.pair in told
        } | absent
        others = {jump.pair: ratio_text(jump.ratio) for jump in jumps if jump.pair not in told}
        rows = {
            NOT_THERE: self._rows(frame, placed, bars, absent, told),
            NOT_TOLD: self._rows(frame, placed, bars, others, told),
        }
        self._refuse(rows, file)
        return [
            self._found(rows[NOT_THERE], NOT_THERE, self.declared_odds, DECLARED),
            self._found(rows[NOT_TOLD], NOT_TOLD, self.odds, UNDECLARED),
        ]

    def _absent(self, bars: SessionBars, moves: Floats, told: dict[int, float]) -> Iterator[tuple[int, str]]:
        """Yield the pairs whose declared split is not in the price, and what is in it instead."""
        least = float(np.log(self.declared_odds))
        for pair, split in told.items():
            if bars.elapsed[pair] == 0:
                continue
            whole = float(moves[pair])
            for factor, reads in ((1, "1:1"), (2, _ratio(-float(np.log(split))))):
                if contradicted(bars, pair, whole, whole - factor * float(np.log(split))) >= least:
                    yield pair, reads
                    break

    def _rows(
        self,
        frame: pl.DataFrame,
        placed: Places,
        bars: SessionBars,
        found: dict[int, str],
        told: dict[int, float],
    ) -> pl.DataFrame:
        pairs = np.array(sorted(found), np.int64)
        return frame[placed.begin[pairs]].select(
            "ticker",
            "ts",
            split=pl.Series([told.get(pair) for pair in pairs.tolist()], dtype=pl.Float64),
            before=pl.Series(bars.before[pairs]),
            open=pl.Series(bars.open[pairs]),
            ratio=pl.Series([found[pair] for pair in pairs.tolist()], dtype=pl.String),
        )

    def _refuse(self, rows: dict[str, pl.DataFrame], file: str) -> None:
        if self.action != "refused":
            return
        both = pl.concat(list(rows.values())).sort("ticker", "ts")
        if not both.is_empty():
            raise refusal(file, both.row(0, named=True), say)

    def _found(self, rows: pl.DataFrame, name: str, odds: float, remedy: str) -> Finding:
        rule: Rule = self
        columns = [column for column in rows.columns if column not in ("ticker", "ts")]
        return finding(
            rule, rows, action=self.action, threshold=odds, columns=columns, name=name, remedy=remedy
        )


def say(row: dict[str, Any]) -> str:
    """Word what is wrong with one row, and what helps."""
    move = f"the price went from {row['before']:g} to {row['open']:g}"
    if row["split"] is None:
        return f"{move} like a {row['ratio']} split that is not declared; {UNDECLARED}"
    return f"a split of {row['split']:g} is declared, but {move}, like {row['ratio']}; {DECLARED}"


def _declared(
    frame: pl.DataFrame, placed: Places, bars: SessionBars, splits: pl.DataFrame | None
) -> tuple[Floats, dict[int, float]]:
    """Return [K] the log move that known splits and dividends explain, and the splits by pair."""
    moves = np.zeros(placed.ticker.size)
    told: dict[int, float] = {}
    if splits is None or splits.is_empty() or not moves.size:
        return moves, told
    actions = splits.sort("ticker", "ts", maintain_order=True)
    rows = effective_rows(frame, actions)
    pairs = np.searchsorted(placed.begin, rows, side="right") - 1
    split = actions["split"].to_numpy()
    dividend = actions["dividend"].to_numpy() if "dividend" in actions.columns else np.zeros(len(split))
    given = np.full(len(split), np.nan)
    if "factor" in actions.columns:
        given = actions["factor"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    for k in np.flatnonzero((rows >= 0) & (pairs >= 0)).tolist():
        pair = int(pairs[k])
        left = 1.0 - split[k] * dividend[k] / bars.before[pair]
        factor = given[k] if np.isfinite(given[k]) else split[k] / (left if left > 0 else 1.0)
        moves[pair] += np.log(factor)
        if split[k] != 1.0:
            told[pair] = told.get(pair, 1.0) * float(split[k])
    return moves, told


def _ratio(move: float) -> str:
    """Return the split that a log move is like."""
    return "1:1" if abs(move) < UNMOVED else ratio_text(nearest_ratio(move, UNMOVED))
