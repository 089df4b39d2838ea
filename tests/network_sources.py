"""The shipped network sources, pointed at the local server with pauses too short to notice."""

from datetime import UTC, datetime
from functools import cache

import polars as pl
from hydra import compose, initialize_config_dir
from hydra.utils import execution_whitelist, instantiate
from omegaconf import OmegaConf

from ploutos.apps.conf_dir import conf_dir
from provider_server import NY

QUICK = (
    "network.timeout_seconds=0.5",
    "network.backoff_seconds=0.01",
    "network.max_wait_seconds=1",
    "network.requests_per_minute=1000000",
    "cache.refresh_hours=0",
)


@cache
def shipped(group, name, *choices):
    with initialize_config_dir(str(conf_dir())):
        return compose(None, [f"+{group}={name}", *(f"{group}/{choice}" for choice in choices)])[group]


def make(group, name, url, folder, *overrides, choices=()):
    """Return the source as the shipped configuration makes it, with `overrides` of its keys.

    `choices` are those of its own groups, such as "calendar=always_open".
    """
    keys = [f"base_url={url}", f"cache.folder={folder}", *QUICK, *overrides]
    config = OmegaConf.merge(shipped(group, name, *choices), OmegaConf.from_dotlist(keys))
    with execution_whitelist(["ploutos.*"]):
        return instantiate(config)


def fetched(source):
    """Return the rows of a source with its actions, each on the ticker's first row of that very day."""
    rows, actions = source.fetch(), source.actions()
    ts = pl.col("ts")
    day = ts if rows.schema["ts"] == pl.Date else ts.dt.convert_time_zone(str(NY)).dt.date()
    rows = rows.with_columns(date=day, first=ts == ts.min().over("ticker", day))
    firsts = rows.filter("first").select("ticker", "date")
    assert actions.join(firsts, on=["ticker", "date"], how="anti").is_empty()
    placed = actions.with_columns(first=pl.lit(True))
    joined = rows.join(placed, on=["ticker", "date", "first"], how="left", maintain_order="left")
    return joined.drop("date", "first").with_columns(
        pl.col("split").fill_null(1.0), pl.col("dividend").fill_null(0.0)
    )


def truth(listings, first, last, *, daily):
    """Return what `fetched` should give of bars as traded, from `first` to `last`, that left out."""
    rows = []
    for ticker, listing in sorted(listings.items()):
        seen = set()
        for at, *values in listing.bars:
            day = at.astimezone(NY).date()
            if first <= day < last:
                new = day not in seen
                seen.add(day)
                split = listing.splits.get(day, 1.0) if new else 1.0
                dividend = listing.dividends.get(day, 0.0) if new else 0.0
                rows.append((day if daily else at, ticker, *values, split, dividend))
    names = ["ts", "ticker", "open", "high", "low", "close", "volume", "split", "dividend"]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    return frame if daily else frame.with_columns(pl.col("ts").cast(pl.Datetime("us", "UTC")))


def at(*moment):
    """Return a time UTC in microseconds."""
    return int(datetime(*moment, tzinfo=UTC).timestamp() * 1_000_000)
