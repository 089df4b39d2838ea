"""Which columns stand for what, by their names."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from ploutos.data.files import missing_columns
from ploutos.data.recognition.layout import AUTO, CsvColumns
from ploutos.data.recognition.moments import held_texts
from ploutos.data.recognition.names import NEEDED, PRICES, candidates, families, normal
from ploutos.data.texts.time_formats import CLOCK, formats_of
from ploutos.types import DataError

LOOKED_AT = 50  # texts of a column that must look like times

Chosen = dict[str, str | None]


def choose_columns(file: Path, table: pl.DataFrame, given: CsvColumns) -> Chosen:
    """Return the column of each role of `CsvColumns`, of those that names tell; None: there is none.

    Raises
    ------
    DataError
        All columns that are missing, at once; or a role for which several columns stand equally well.
    """
    available = [name for name in table.columns if not name.startswith("\0")]
    told = given.model_dump(exclude={"ts_format"})
    chosen: Chosen = {role: name for role, name in told.items() if name != AUTO}
    open_roles = [role for role, name in told.items() if name == AUTO]
    named = [name for name in chosen.values() if name is not None]
    free = [name for name in available if name not in named]
    for role in open_roles:
        chosen[role] = _by_name(file, table, role, free)
    if any(chosen[role] is None for role in PRICES):
        _take_family(file, chosen, open_roles, free)
    _volume_of_the_base(file, table, chosen, open_roles, free)
    if chosen["ts"] is None and "ts" in open_roles and chosen["time"] is not None:
        chosen["ts"], chosen["time"] = chosen["time"], None  # one column holds date and time
    if chosen["ts"] is None and "ts" in open_roles:
        chosen["ts"] = _by_look(file, table, [name for name in free if name not in chosen.values()])
    if chosen["time"] is None and "time" in open_roles:
        chosen["time"] = _clock_by_look(file, table, [n for n in free if n not in chosen.values()])
    missing = [name for role, name in told.items() if name not in (AUTO, None) and name not in available]
    lost = [role for role in NEEDED if chosen[role] is None]
    if missing or lost:
        raise missing_columns(file, available, missing, lost)
    return chosen


def _by_name(file: Path, table: pl.DataFrame, role: str, free: Sequence[str]) -> str | None:
    """Return the column that a role's words name; of several that hold the same the first."""
    if role in ("volume", "adjusted_close") and not table.is_empty():
        free = [name for name in free if held_texts(table[name]).null_count() < table.height]
    found = candidates(role, free)
    if role == "volume":
        # A volume of nothing but zeros says less than the ticks beside it.
        telling = [name for name in found if not _all_zero(table[name])]
        found = telling or candidates(role, [n for n in free if n not in found]) or found
    if role == "ts" and found and not _timely(table[found[0]]):
        # Such as "Timestamp" over a time of day beside "Date".
        others = [name for name in free if _timely(table[name])]
        found = candidates(role, others) or found
    if len(found) > 1 and any(not table[found[0]].equals(table[name]) for name in found[1:]):
        raise _several(file, table, role, found)
    return found[0] if found else None


def _by_look(file: Path, table: pl.DataFrame, free: Sequence[str]) -> str | None:
    """Return the only column that holds nothing but times, under whatever name."""
    found = [name for name in free if _timely(table[name])]
    if len(found) > 1:
        raise _several(file, table, "ts", found)
    return found[0] if found else None


def _timely(column: pl.Series) -> bool:
    """Return whether the first texts all look like dates or date-times."""
    texts = held_texts(column).drop_nulls().head(LOOKED_AT)
    return bool(texts.len()) and all(formats_of(text) for text in texts)


def _clock_by_look(file: Path, table: pl.DataFrame, free: Sequence[str]) -> str | None:
    """Return the only column that holds times of day that differ, under whatever name."""
    found = []
    for name in free:
        texts = held_texts(table[name]).drop_nulls()
        if texts.n_unique() > 1 and all(CLOCK.match(text) for text in texts.head(LOOKED_AT)):
            found.append(name)
    if len(found) > 1:
        raise _several(file, table, "time", found)
    return found[0] if found else None


def _take_family(file: Path, chosen: Chosen, open_roles: Sequence[str], free: Sequence[str]) -> None:
    """Take the columns of one family, such as bid_open to bid_close, for the roles that are open."""
    found = families(free)
    if len(found) > 1:
        shown = ", ".join(f"'{family['open']}' to '{family['close']}'" for family in found.values())
        raise DataError(f"{file}: the prices may be {shown}; set data.columns.open, high, low and close")
    for family in found.values():
        for role, name in family.items():
            if role in open_roles and chosen.get(role) is None:
                chosen[role] = name


def _volume_of_the_base(
    file: Path, table: pl.DataFrame, chosen: Chosen, open_roles: Sequence[str], free: Sequence[str]
) -> None:
    """Take "Volume BTC" of "Volume BTC" and "Volume USD", where the ticker begins with BTC."""
    if "volume" not in open_roles or chosen["volume"] is not None:
        return
    named = [name for name in free if normal(name).split()[:1] in (["volume"], ["vol"])]
    found = [
        name for name in named if held_texts(table[name]).null_count() < table.height or not table.height
    ]
    ticker = chosen.get("ticker")
    first = "" if ticker is None or not table.height else str(table[ticker][0] or "").casefold()
    based = [name for name in found if first and first.startswith(normal(name).split()[-1])]
    found = based if len(based) == 1 else found
    if len(found) > 1:
        raise _several(file, table, "volume", found)
    chosen["volume"] = found[0] if found else None


def _several(file: Path, table: pl.DataFrame, role: str, found: Sequence[str]) -> DataError:
    shown = " or ".join(f"'{name}' ({_shown(table[name])})" for name in found)
    return DataError(f"{file}: {role} may be {shown}; set data.columns.{role}")


def _shown(column: pl.Series) -> str:
    held = column.drop_nulls()
    return f"'{held[0]}'" if held.len() else "empty"


def _all_zero(column: pl.Series) -> bool:
    return not column.str.contains("[1-9]").any()
