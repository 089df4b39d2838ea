"""Splits, dividends and names of companies from the lines of Lean's factor and map files."""

from typing import Annotated, Any, Literal

import polars as pl
from pydantic import Field

from ploutos.data.calendars.calendar import Calendar, microseconds, session_clock
from ploutos.data.corporate.actions import ACTION_SCHEMA, first_instants
from ploutos.data.corporate.adjust import effective_rows, first_rows
from ploutos.data.corporate.identity import identify, in_order, spells
from ploutos.data.corporate.lean_lines import factor_actions, read_lines
from ploutos.data.files import sha256
from ploutos.types import DataError, checked
from ploutos.types.session import SessionClock

EXAMPLES = 20


class LeanFactors:
    """Raw bars beside a Parquet file of factor and map lines (`kind`, `ticker`, `line`).

    Parameters
    ----------
    path : the file of lines.
    tickers : what a bar's ticker is. "as_traded": the name of the day; the map lines tell whose it was, and
        bars come out under the company's permanent ticker. "permanent": permanent tickers already.
    unmapped : bars under a name that the map lines know, at dates at which they do not tell whose it was.
        "keep": under a ticker of their own (see `identity`), without splits or dividends; "drop".
    split_tolerance : relative distance within which a split is read as a simple fraction; 0 for never.
    """

    @checked
    def __init__(
        self,
        *,
        path: str,
        tickers: Literal["as_traded", "permanent"],
        unmapped: Literal["keep", "drop"],
        split_tolerance: Annotated[float, Field(ge=0, le=0.001)],
    ) -> None:
        self.path = path
        self.tickers = tickers
        self.unmapped = unmapped
        self.split_tolerance = split_tolerance

    def apply(
        self, frame: pl.DataFrame, calendar: Calendar
    ) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, Any]]:
        """Return the bars by permanent ticker, their splits and dividends, and what was found.

        Raises
        ------
        DataError
            Lines that contradict each other, or two bars of one company at one time.
        """
        factors, maps = read_lines(self.path)
        clock = session_clock(calendar)
        told: dict[str, Any] = {"actions": "lean_factors"}
        if self.tickers == "as_traded" and not maps.is_empty():
            frame, names = self._by_company(frame, maps, clock)
            told |= names
        actions, counts = self._actions(frame, factors, clock)
        return frame, actions, told | counts

    def fingerprint(self) -> dict[str, Any]:
        """Return the SHA-256 of the file of lines and the settings; its name and folder do not matter."""
        settings = {key: value for key, value in vars(self).items() if key != "path"}
        return {"actions": "lean_factors", "sha256": sha256(self.path), **settings}

    def _by_company(
        self, frame: pl.DataFrame, maps: pl.DataFrame, clock: SessionClock
    ) -> tuple[pl.DataFrame, dict[str, Any]]:
        known = spells(maps)
        meant = frame["ticker"].str.to_uppercase().is_in(known["name"].unique().implode())
        named, others = frame.filter(meant), frame.filter(~meant)
        dates = pl.Series(clock.dates(microseconds(named["ts"])), dtype=pl.Int32).cast(pl.Date)
        named = named.with_columns(identify(named["ticker"], dates, known), date=dates)
        changed = named.filter((pl.col("ticker") != pl.col("permanent")) | pl.col("strange"))
        table = changed.group_by("ticker", "permanent", "strange").agg(
            rows=pl.len(), first=pl.col("date").min(), last=pl.col("date").max()
        )
        told = {
            "renamed": _readable(table.filter(~pl.col("strange"))),
            "unmapped": _readable(table.filter("strange")),
        }
        if self.unmapped == "drop":
            named = named.filter(~pl.col("strange"))
        named = named.with_columns(ticker="permanent").select(frame.columns).sort("ticker", "ts")
        both = in_order(pl.concat([others, named]))
        _one_bar_at_a_time(both)
        return both, told

    def _actions(
        self, frame: pl.DataFrame, factors: pl.DataFrame, clock: SessionClock
    ) -> tuple[pl.DataFrame, dict[str, Any]]:
        present = frame.select(pl.col("ticker").unique()).sort("ticker")
        found = factor_actions(factors, split_tolerance=self.split_tolerance)
        found = found.join(present, on="ticker", how="semi", maintain_order="left")
        found = found.with_columns(ts=first_instants(found["date"].dt.offset_by("1d"), clock))
        rows = effective_rows(frame, found)
        held = (rows >= 0) & ~pl.Series(rows).is_in(first_rows(frame)).to_numpy()
        actions = found.filter(held)
        without = present.join(factors, on="ticker", how="anti", maintain_order="left")
        counts = {
            "splits": int((actions["split"] != 1.0).sum()),
            "splits_read_as_fraction": int((actions["split"] != actions["line_split"]).sum()),
            "dividends": int((actions["dividend"] != 0.0).sum()),
            "outside_the_bars": int((~held).sum()),
            "tickers_without_factors": without.height,
            "of_these": without["ticker"].head(EXAMPLES).to_list(),
        }
        return actions.select(ACTION_SCHEMA.keys()).cast(pl.Schema(ACTION_SCHEMA)), counts


def _one_bar_at_a_time(frame: pl.DataFrame) -> None:
    same = (frame["ticker"] == frame["ticker"].shift(1)) & (frame["ts"] == frame["ts"].shift(1))
    if same.any():
        row = frame.filter(same).row(0, named=True)
        raise DataError(
            f"map lines: two names give {row['ticker']} a bar at {row['ts'].isoformat()}; are the bars'"
            " tickers permanent ones?"
        )


def _readable(table: pl.DataFrame) -> list[dict[str, Any]]:
    table = table.drop("strange").sort("ticker", "first")
    return table.with_columns(pl.col("first", "last").cast(pl.String)).to_dicts()
