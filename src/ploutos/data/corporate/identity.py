"""Which company a ticker belonged to on a date.

Map lines tell the names of a company over time; names are reused by others. The dates at which none of the
mapped companies had a name are somebody else's: such a gap gets a permanent ticker of its own, `NAME.1`,
`NAME.2` ... in order of time, skipping those taken. Only the gap that is open to the future keeps the plain
name, where no mapped company is called so. The answer for a date depends on the lines alone, not on what rows
there are.
"""

from collections import defaultdict
from datetime import date, timedelta
from itertools import count

import numpy as np
import polars as pl

from ploutos.data.corporate.adjust import first_rows
from ploutos.types import DataError

SPELL_SCHEMA = {
    "name": pl.String(),
    "start": pl.Date(),
    "permanent": pl.String(),
    "strange": pl.Boolean(),
}
DAY = timedelta(days=1)
Use = tuple[date, date, str]  # first and last date, permanent ticker


def spells(maps: pl.DataFrame) -> pl.DataFrame:
    """Return from when on each name belonged to whom, sorted by (name, start), without a gap in time.

    Parameters
    ----------
    maps : `ticker`, `date`, `name`, sorted by (ticker, date), as `lean_lines.read_lines` returns them.

    Raises
    ------
    DataError
        Two companies have one name on one date.
    """
    rows: list[tuple[str, date, str, bool]] = []
    companies = set(maps["ticker"].to_list())
    for name, uses in sorted(_uses(maps).items()):
        numbers = (f"{name}.{n}" for n in count(1))
        others = (other for other in numbers if other not in companies)
        free_from = date.min
        for first, last, permanent in sorted(uses):
            if first < free_from:
                raise DataError(
                    f"map lines: {name} belongs to {rows[-1][2]} and to {permanent} on {first.isoformat()}"
                )
            if first > free_from:
                rows.append((name, free_from, next(others), True))
            if first > free_from or not rows or rows[-1][::2] != (name, permanent):
                rows.append((name, first, permanent, False))
            free_from = last + DAY
        rows.append((name, free_from, next(others) if name in companies else name, True))
    return pl.DataFrame(rows, schema=SPELL_SCHEMA, orient="row")


def _uses(maps: pl.DataFrame) -> dict[str, list[Use]]:
    """Return who used each name from when to when, both included."""
    uses: dict[str, list[Use]] = defaultdict(list)
    for (ticker, *_), lines in maps.group_by("ticker", maintain_order=True):
        start = lines["date"][0]
        for last, name in lines.select("date", "name").iter_rows():
            if last >= start:
                uses[name].append((start, last, str(ticker)))
                start = last + DAY
    return uses


def identify(names: pl.Series, dates: pl.Series, known: pl.DataFrame) -> pl.DataFrame:
    """Return `permanent`, and `strange`: the map lines know the name, but not whose it was on the date.

    Parameters
    ----------
    names, dates : [R], the ticker of a row and its session date; each name, in capitals, is in `known`.
    known : as `spells` returns them.
    """
    rows = pl.DataFrame({"name": names.str.to_uppercase(), "date": dates}).with_row_index("row")
    found = rows.sort("date").join_asof(
        known.sort("start"),
        left_on="date",
        right_on="start",
        by="name",
        check_sortedness=False,
    )
    return found.sort("row").select("permanent", "strange")


def in_order(frame: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` sorted by (ticker, ts), given that the rows of one ticker lie together, sorted by time.

    Moving whole tickers is several times faster than sorting millions of rows.
    """
    first = first_rows(frame)
    names = frame["ticker"].gather(first)
    if names.n_unique() < len(names):
        return frame.sort("ticker", "ts")
    order = names.arg_sort().to_numpy()
    length = np.diff(first, append=frame.height)[order]
    start = np.cumsum(length) - length
    return frame[np.repeat(first[order] - start, length) + np.arange(frame.height)]
