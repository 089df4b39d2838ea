"""`ploutos data` on bars from the network: from a provider's answers to the panel, by the command itself."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import Ended, run

import provider_server as provider
from ploutos.panel import store
from provider_server import NY, Listing, invented

# The command has its own clock. All bars are over, and some days lack: without refresh_hours it would ask.
TODAY = datetime.now(NY).date()
FIRST, LAST = TODAY - timedelta(days=400), TODAY - timedelta(days=3)
KEY, SECRET = "PKTESTONLY0123", "s3cret-never-shown"
KEYS = {"APCA_API_KEY_ID": KEY, "APCA_API_SECRET_KEY": SECRET}
QUICK = ["data.network.backoff_seconds=0.01", "data.network.requests_per_minute=1000000"]


def session_before(day: date) -> date:
    """Return the last session of New York that is not after `day`."""
    from ploutos.data.calendars.exchange import Exchange

    return Exchange(code="XNYS").sessions(day - timedelta(days=7), day)["session"][-1]


SPLIT = session_before(TODAY - timedelta(days=100))
PAID = session_before(TODAY - timedelta(days=60))


@pytest.fixture
def server() -> Any:
    with provider.running() as one:
        one.now = datetime.now(UTC)
        one.listings = {"AAA": invented(FIRST, LAST), "BBB": invented(FIRST, LAST, level=20)}
        one.listings["AAA"].splits = {SPLIT: 4.0}
        one.listings["BBB"].dividends = {PAID: 0.5}
        yield one


def data(server: Any, source: str, folder: Path, *overrides: str, **environment: str) -> Ended:
    command = ["data", f"data={source}", f"data.base_url={server.url}", "data.tickers=[AAA,BBB]"]
    command += [f"data.start={FIRST}", "macro=none", *QUICK, *overrides]
    return run(*command, folder=folder, **KEYS, **environment)


def reports(folder: Path) -> list[dict[str, Any]]:
    """Return what the commands have written, in their order."""
    return [json.loads(file.read_text()) for file in sorted(folder.rglob("data.json"))]


def actions(told: dict[str, Any]) -> list[tuple[str, date, float, float]]:
    """Return the panel's actions: ticker, session from which they are in effect, split, dividend."""
    panel = store.read(Path(told["folder"]), told["address"])
    days = [datetime.fromtimestamp(at / 1e6, NY).date() for at in panel.ts[panel.action_bar].tolist()]
    names = [panel.tickers[asset] for asset in panel.action_asset]
    assert np.isfinite(panel.action_split).all()
    return list(zip(names, days, panel.action_split, panel.action_dividend, strict=True))


def daily_for_alpaca(server: Any) -> None:
    """Stamp days as Alpaca does, at midnight in New York."""
    for listing in server.listings.values():
        listing.bars = [(midnight(at), *values) for at, *values in listing.bars]


def hourly_for_alpaca(server: Any) -> None:
    """Serve the hours from 8:00 to 18:00."""
    for ticker, listing in server.listings.items():
        values = [bar[1:] for bar in listing.bars]
        hours = [midnight(bar[0]) + timedelta(hours=hour) for bar in listing.bars for hour in range(8, 18)]
        bars = [(at, *values[n // 10]) for n, at in enumerate(hours)]
        server.listings[ticker] = Listing(bars, listing.splits, listing.dividends)


def midnight(at: datetime) -> datetime:
    day = at.astimezone(NY).date()
    return datetime(day.year, day.month, day.day, tzinfo=NY).astimezone(UTC)


CASES = [
    ("yfinance", "1d", lambda server: None),
    pytest.param("alpaca", "1d", daily_for_alpaca, marks=pytest.mark.slow),
    pytest.param("alpaca", "1h", hourly_for_alpaca, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(
    ("source", "interval", "served"), CASES, ids=["yahoo", "alpaca days", "alpaca hours"]
)
def test_a_panel_from_the_network(
    server: Any, tmp_path: Path, source: str, interval: str, served: Any
) -> None:
    served(server)
    settings = [f"data.interval={interval}"]
    first = data(server, source, tmp_path, *settings)
    assert first.code == 0, first.err
    assert server.requests
    server.requests.clear()
    second = data(server, source, tmp_path, *settings)
    assert second.code == 0, second.err
    assert not server.requests, "asked again within refresh_hours"
    third = data(server, source, tmp_path, *settings, "data.cache.refresh_hours=0")
    assert third.code == 0 and server.requests

    one, two, three = reports(tmp_path)
    assert one["address"] == two["address"] == three["address"]
    assert len([path for path in (tmp_path / ".ploutos/panels").iterdir() if path.is_dir()]) == 1
    assert one["tickers"] == ["AAA", "BBB"] and one["bars"] > 400
    rules = {rule["rule"] for rule in one["source"]["rules"]}
    assert {"spike", "gap", "not_finite"} <= rules
    assert one["source"]["download"]["counts"]["rows_served"] > 0
    assert actions(one) == [("AAA", SPLIT, 4.0, 0.0), ("BBB", PAID, 1.0, 0.5)]
    nowhere(tmp_path, first, second, third)


def nowhere(folder: Path, *ended: Ended) -> None:
    """Check that the keys are in no output and in no file: outputs, panel, cache, logs."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"config.yaml", "data.json"} <= {path.name for path in files}
    for secret in (KEY, SECRET):
        assert all(secret.encode() not in path.read_bytes() for path in files)
        assert all(secret not in told.out + told.err for told in ended)


def test_a_service_that_repeats_the_keys_does_not_make_them_known(server: Any, tmp_path: Path) -> None:
    daily_for_alpaca(server)
    assert data(server, "alpaca", tmp_path, "data.interval=1d").code == 0
    message = json.dumps({"message": f"bad keys {KEY} and {SECRET}"})
    for traceback in ("", "1"):
        server.faults = [provider.status(401, message)]
        again = ["data.interval=1d", "data.cache.refresh_hours=0"]
        refused = data(server, "alpaca", tmp_path, *again, PLOUTOS_TRACEBACK=traceback)
        assert refused.code != 0 and "APCA_API_KEY_ID and APCA_API_SECRET_KEY are refused" in refused.err
        assert ("Traceback" in refused.err) == bool(traceback)
        nowhere(tmp_path, refused)
    assert len(reports(tmp_path)) == 1
