"""Downloads that are killed, interrupted or run twice at once."""

import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

import provider_server as provider
from network_sources import at, fetched, make, truth
from ploutos.data.network import clock
from provider_server import invented

NOW = at(2024, 6, 12, 15)
FIRST, LAST = date(2023, 1, 2), date(2024, 6, 11)
KEYS = ("tickers=[AAA,BBB]", "start=2023-01-02", "cache.page_days=100", "network.timeout_seconds=25")
PAGES = 6  # of 527 days
CHILD = f"""
import sys
from ploutos.data.network import clock
from network_sources import make
clock.now_us = lambda: {NOW}
print(make("data", "yfinance", *sys.argv[1:]).fetch().height)
"""


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(clock, "now_us", lambda: NOW)
    with provider.running() as one:
        one.listings = {"AAA": invented(FIRST, LAST), "BBB": invented(FIRST, LAST, level=9)}
        yield one


@pytest.fixture
def launch(server, tmp_path):
    here = Path(__file__).parents[1]
    paths = os.pathsep.join([str(here), os.environ.get("PYTHONPATH", "")])

    def start():
        command = [sys.executable, "-c", CHILD, server.url, str(tmp_path), *KEYS]
        return subprocess.Popen(
            command,
            env=os.environ | {"PYTHONPATH": paths, "POLARS_MAX_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    return start


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("answers", [1, 3, 8], ids=["before a page", "in AAA", "in BBB"])
def test_what_had_come_is_not_asked_for_again(server, launch, tmp_path, how, answers):
    server.faults = [*[None] * answers, provider.stuck]
    child = launch()
    assert server.stuck.wait(60)
    child.send_signal(how)
    assert child.wait(8) != 0  # long before the answer would have been given up
    child.stdout.close()
    server.requests.clear()
    frame = fetched(make("data", "yfinance", server.url, tmp_path, *KEYS))
    assert_frame_equal(frame, truth(server.listings, FIRST, date(2024, 6, 12), daily=True))
    whole = 2 * (1 + PAGES)
    of_the_broken_ticker = 1 if answers % (1 + PAGES) else 0
    assert len(server.requests) == whole - answers + of_the_broken_ticker  # it is asked about again
    assert not [file for file in tmp_path.rglob(".*") if file.is_file()]


def test_two_processes_download_once(server, launch):
    children = [launch(), launch()]
    assert {child.communicate(timeout=90)[0] for child in children} == {
        f"{2 * len(provider.weekdays(FIRST, LAST))}\n"
    }
    assert [child.returncode for child in children] == [0, 0]
    assert len(server.requests) == 2 * (1 + PAGES)
