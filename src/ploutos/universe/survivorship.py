"""What the universe was chosen from: members without prices, and candidates that each filter removed."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from ploutos.universe.decision import Decision

NAMES_LISTED = 50  # at most, for each date


def report(decisions: Sequence[Decision], tickers: tuple[str, ...]) -> dict[str, Any]:
    """Return the universe's part of the data-quality report, JSON-ready.

    `rebalances` has one entry a decision: `date` (first session of the new choice), `decided` (UTC),
    `candidates` (names with a bar in the history window), `failed` (by the first filter failed), `eligible`,
    `picks` (strongest first) and, with an index, `index_members`, `index_without_prices` and the first of
    their names; `survivorship` sums those up. Members without prices cannot be chosen: where they are
    absent because of what became of them, the choice among the others is made with hindsight.
    """
    entries = [_entry(decision, tickers) for decision in decisions]
    told: dict[str, Any] = {"rebalances": entries}
    if decisions and decisions[0].members is not None:
        told["survivorship"] = _survivorship(decisions, tickers, entries)
    return told


def _entry(decision: Decision, tickers: tuple[str, ...]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "date": (date(1970, 1, 1) + timedelta(days=decision.date)).isoformat(),
        "decided": datetime.fromtimestamp(decision.decided / 1e6, UTC).isoformat(),
        "candidates": decision.candidates,
        "failed": decision.failed,
        "eligible": decision.candidates - sum(decision.failed.values()),
        "picks": [tickers[n] for n in decision.picks],
    }
    if decision.members is not None:
        absent = sorted(decision.members - {tickers[n] for n in np.flatnonzero(decision.priced)})
        entry["index_members"] = len(decision.members)
        entry["index_without_prices"] = len(absent)
        entry["index_without_prices_names"] = absent[:NAMES_LISTED]
    return entry


def _survivorship(
    decisions: Sequence[Decision], tickers: tuple[str, ...], entries: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """Return the summary over the dates that the index covers; and who of its members never has a price."""
    entries = [entry for entry in entries if entry["index_members"]]
    shares = [entry["index_without_prices"] / entry["index_members"] for entry in entries]
    ever = frozenset().union(*(decision.members or () for decision in decisions))
    never = sorted(ever - set(tickers))
    return {
        "dates": len(entries),
        "without_prices_share_mean": sum(shares) / len(shares) if shares else None,
        "without_prices_share_max": max(shares, default=None),
        "members_ever": len(ever),
        "members_never_in_data": len(never),
        "members_never_in_data_names": never[:NAMES_LISTED],
    }
