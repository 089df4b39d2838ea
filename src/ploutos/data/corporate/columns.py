"""Splits and dividends that stand in the bars' own rows."""

from typing import Any, Literal

import polars as pl

from ploutos.data.calendars.calendar import Calendar, microseconds, session_clock
from ploutos.data.corporate.actions import ACTION_SCHEMA, check_actions, first_instants
from ploutos.types import ConfigError, DataError, checked, one_of


class Columns:
    """A split or dividend stands in a row of the session in which the share first trades without it.

    It takes effect with the first bar of that session. Null, 0 and, for splits, 1 mean none.

    Parameters
    ----------
    split : column with the new shares for one old share; null where prices and dividends are adjusted for
        splits already.
    dividend : column with the currency paid per share; null where there are none.
    dividend_per : the share that a dividend is paid on where a split takes effect with it.
    """

    @checked
    def __init__(
        self, *, split: str | None, dividend: str | None, dividend_per: Literal["new_share", "old_share"]
    ) -> None:
        if split is None and dividend is None:
            raise ConfigError("split and dividend are null: name a column, or take actions 'adjusted'")
        self.split, self.dividend, self.dividend_per = split, dividend, dividend_per

    def apply(
        self, frame: pl.DataFrame, calendar: Calendar
    ) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, Any]]:
        """Return the bars without the two columns, the actions, and their counts.

        Raises
        ------
        DataError
            A missing column, an impossible value, or one ticker's split or dividend twice in a session.
        """
        used = [name for name in (self.split, self.dividend) if name is not None]
        for name in used:
            if name not in frame.columns:
                raise one_of("actions: column", name, frame.columns)
        clock = session_clock(calendar)
        rows = frame.select(
            "ticker", "ts", split=_value(self.split, 1.0), dividend=_value(self.dividend, 0.0)
        )
        rows = rows.filter((pl.col("split") != 1.0) | (pl.col("dividend") != 0.0))
        check_actions(rows)
        dates = pl.Series(clock.dates(microseconds(rows["ts"])), dtype=pl.Int32).cast(pl.Date)
        rows = rows.with_columns(date=dates, ts=first_instants(dates, clock))
        for name in ("split", "dividend"):
            _once_a_session(rows, name)
        actions = rows.group_by("ticker", "ts").agg(pl.col("split").product(), pl.col("dividend").sum())
        if self.dividend_per == "old_share":
            actions = actions.with_columns(pl.col("dividend") / pl.col("split"))
        actions = actions.with_columns(factor=None).cast(pl.Schema(ACTION_SCHEMA)).sort("ticker", "ts")
        return frame.drop(used), actions.select(ACTION_SCHEMA.keys()), self._told(actions)

    def fingerprint(self) -> dict[str, Any]:
        """Return the settings."""
        return {"actions": "columns", **vars(self)}

    def _told(self, actions: pl.DataFrame) -> dict[str, Any]:
        return {
            "actions": "columns",
            "splits": int((actions["split"] != 1.0).sum()),
            "dividends": int((actions["dividend"] != 0.0).sum()),
        }


def _value(column: str | None, none: float) -> pl.Expr:
    if column is None:
        return pl.lit(none)
    value = pl.col(column).cast(pl.Float64)
    return pl.when(value.is_null() | (value == 0.0)).then(none).otherwise(value)


def _once_a_session(rows: pl.DataFrame, name: str) -> None:
    """Refuse a value that a file of intraday bars repeats in every row of the session."""
    none = 1.0 if name == "split" else 0.0
    twice = rows.filter(pl.col(name) != none).filter(pl.struct("ticker", "date").is_duplicated())
    if not twice.is_empty():
        row = twice.row(0, named=True)
        raise DataError(
            f"actions: {row['ticker']} has more than one {name} on {row['date']}, the first is {row[name]:g};"
            " leave it in one row of the session"
        )
