"""Two rows for one ticker and time."""

from typing import Any, Literal

import polars as pl

from ploutos.data.quality.finding import VALUES, Finding, Severity, finding, refusal
from ploutos.types import checked

KEYS = ("ticker", "ts")


class Duplicate:
    """Rows that share (ticker, ts): copies, or versions that disagree in a price or in the volume.

    Parameters
    ----------
    action : what to do with copies; one row stays when they are dropped.
    conflict : what to do with versions. "first_published" and "last_published" keep one row by the column
        `asof`, its time of publication; without that column, or where it does not decide, the versions are
        refused. "dropped" keeps none of them.
    """

    name = "duplicate"
    severity: Severity = "warning"

    @checked
    def __init__(
        self,
        *,
        action: Literal["dropped", "refused"],
        conflict: Literal["first_published", "last_published", "dropped", "refused"],
    ) -> None:
        self.action = action
        self.conflict = conflict

    def apply(self, frame: pl.DataFrame, *, file: str) -> tuple[pl.DataFrame, list[Finding]]:
        """Return a frame with unique keys; it must come sorted by (ticker, ts)."""
        repeats = _repeats(frame)
        shared = repeats | repeats.shift(-1, fill_value=False)
        group = frame.filter(shared).with_columns(shared.arg_true().alias("_row"))
        single = self._published_order(group).unique((*KEYS, *VALUES), keep="first", maintain_order=True)
        copies = group.join(single.select("_row"), on="_row", how="anti", maintain_order="left")
        if self.action == "refused" and not copies.is_empty():
            raise refusal(file, copies.row(0, named=True), lambda _: "this time occurs more than once")
        settled, conflicts = self._settle(single, file)
        if not group.is_empty():
            keep = (~shared).to_numpy().copy()
            keep[settled["_row"].to_numpy()] = True
            frame = frame.filter(pl.Series(keep))
        return frame, [
            finding(self, copies, action=self.action),
            finding(
                self,
                conflicts,
                action="refused" if self.conflict == "refused" else "dropped",
                columns=(*VALUES, "asof"),
                name="conflicting_duplicate",
            ),
        ]

    def _published_order(self, group: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of each key, the one to keep first where `asof` decides."""
        if "asof" not in group.columns:
            return group
        descending = [False, False, self.conflict == "last_published"]
        return group.sort(*KEYS, "asof", descending=descending, nulls_last=True, maintain_order=True)

    def _settle(self, single: pl.DataFrame, file: str) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the rows that stay and those that are dropped among versions without copies."""
        versions = single.filter(pl.len().over(KEYS) > 1)
        if versions.is_empty():
            return single, versions
        if self.conflict == "dropped":
            return single.join(versions.select("_row"), on="_row", how="anti"), versions
        undecided = versions
        if self.conflict != "refused" and "asof" in versions.columns:
            best = pl.col("asof").first().over(KEYS)
            undecided = versions.filter(
                best.is_null() | (((pl.col("asof") == best).fill_null(False).sum().over(KEYS)) > 1)
            )
        if not undecided.is_empty():
            raise refusal(file, undecided.row(0, named=True), lambda row: _say(row, undecided))
        kept = single.unique(KEYS, keep="first", maintain_order=True)
        return kept, versions.join(kept.select("_row"), on="_row", how="anti", maintain_order="left")


def _repeats(frame: pl.DataFrame) -> pl.Series:
    same = [pl.col(key) == pl.col(key).shift(1) for key in KEYS]
    return frame.select(pl.all_horizontal(same).fill_null(False).alias("repeats"))["repeats"]


def _say(row: dict[str, Any], versions: pl.DataFrame) -> str:
    alike = versions.filter((pl.col("ticker") == row["ticker"]) & (pl.col("ts") == row["ts"]))
    column = next((name for name in VALUES if alike[name].n_unique() > 1), "close")
    values = " and ".join(f"{value:g}" for value in alike[column].head(2))
    return f"this time occurs more than once, with {column} {values}, and no asof decides"
