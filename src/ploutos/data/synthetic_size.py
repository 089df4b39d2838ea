"""How large a simulated market may be: it is drawn in memory."""

import os
from datetime import date

from ploutos.data.synthetic_calendar import session_dates
from ploutos.types import ConfigError

BYTES_A_CELL = 190  # measured: what one bar of one asset takes at most while it is drawn and made a table


def sessions_of(start: date, years: float) -> int:
    """Return the number of sessions; refuses spans that no calendar reaches."""
    last = (date.max - start).days / 365.25
    if not years < last - 1:
        raise ConfigError(
            f"data.years: {years:g} from {start} ends after {date.max}; at most {int(last - 1)}"
        )
    return len(session_dates(start, years))


def require_memory(assets: int, bars: int) -> None:
    """Refuse a market that is larger than the memory of the machine, before anything is drawn."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
    needed = assets * bars * BYTES_A_CELL
    if 0 < memory < needed:
        most = memory // (bars * BYTES_A_CELL)
        room = f"at most {most:,} of them" if most >= 2 else "fewer bars"
        raise ConfigError(
            f"data.n_assets: {assets} assets x {bars:,} bars need about {needed / 1e9:,.0f} GB, and the"
            f" machine has {memory / 1e9:,.0f} GB of memory; {room} would do"
        )
