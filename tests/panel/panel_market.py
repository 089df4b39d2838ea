"""A small market for tests of the panel: gaps, a late start, a delisting, a silent end, two signals."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ploutos.data.calendars.calendar import session_clock
from ploutos.data.calendars.weekdays import Weekdays
from ploutos.features.core import Core
from ploutos.panel.assemble import assemble
from ploutos.panel.memory_mapped import MemoryMapped
from ploutos.panel.panel import Panel
from ploutos.types import Bars
from ploutos.universe.static import Static

CALENDAR = Weekdays(timezone="America/New_York", session_open="09:30", session_close="16:00")
CLOCK = session_clock(CALENDAR)
TICKERS = ("GAPS", "GONE", "LATE", "MUTE", "OKAY")
ROWS = 90


def core() -> Core:
    return Core(
        calendar=CALENDAR,
        return_bars=[1, 2],
        momentum_bars=8,
        volatility_bars=[3, 6],
        downside_bars=4,
        trend_bars=[2, 5],
        choppiness_bars=4,
        oscillator_bars=4,
        band_bars=3,
        volume_fast_bars=2,
        volume_slow_bars=5,
        atr_bars=4,
        extreme_bars=7,
        rank_bars=[2],
    )


def times() -> list[datetime]:
    """Six hourly bars on each weekday."""
    days = [datetime(2024, 3, 4, tzinfo=UTC) + timedelta(days=d) for d in range(40)]
    closes = [d + timedelta(hours=h) for d in days if d.weekday() < 5 for h in range(15, 21)]
    return closes[:ROWS]


def bars(seed: int = 0) -> Bars:
    rng, ts = np.random.default_rng(seed), times()
    frames = []
    for ticker in TICKERS:
        close = 20.0 * np.exp(np.cumsum(rng.normal(0, 0.01, ROWS)))
        keep = np.ones(ROWS, dtype=bool)
        if ticker == "GAPS":
            keep[[20, 21, 40, 60, 61, 62]] = False
        keep[:30] &= ticker != "LATE"
        keep[50:] &= ticker != "GONE"
        keep[70:] &= ticker != "MUTE"
        frame = pl.DataFrame(
            {
                "ts": ts,
                "ticker": [ticker] * ROWS,
                "open": close * 1.001,
                "high": close * 1.004,
                "low": close * 0.997,
                "close": close,
                "volume": rng.uniform(1, 9, ROWS),
                "alpha": rng.normal(size=ROWS).astype(np.float32),
                "beta": rng.normal(size=ROWS).astype(np.float32),
            },
            schema_overrides={"ts": pl.Datetime("us", "UTC")},
        )
        frames.append(frame.filter(pl.Series(keep)))
    frame = pl.concat(frames)
    gone = pl.DataFrame(
        {"ticker": ["GONE"], "ts": [ts[49]], "delisting_return": [-0.3]},
        schema_overrides={"ts": pl.Datetime("us", "UTC")},
    )
    truth = frame.select("ts", "ticker", expected_return=pl.col("alpha").cast(pl.Float64))
    return Bars(frame=frame, signals=("alpha", "beta"), delistings=gone, expected_return=truth)


class Macro:
    def columns(self, ts: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
        return ("vix", "tnx"), np.stack([np.sin(ts / 1e10), np.cos(ts / 1e10)], axis=1).astype(np.float32)

    def fingerprint(self) -> dict[str, Any]:
        return {"macro": "test"}


class Source:
    """Counts its loads in a file, so that several processes can be counted."""

    clock = CLOCK
    bar_minutes = 60

    def __init__(
        self, seed: int = 0, counter: Path | None = None, load: Callable[[], Bars] | None = None
    ) -> None:
        self.seed, self.counter, self._load = seed, counter, load

    def load(self) -> Bars:
        if self.counter is not None:
            with self.counter.open("a") as stream:
                stream.write(f"{os.getpid()}\n")
            time.sleep(0.3)
        return self._load() if self._load else bars(self.seed)

    def fingerprint(self) -> dict[str, Any]:
        return {"seed": self.seed}


def panel(source: Bars | None = None) -> Panel:
    return assemble(source or bars(), Static(tickers=None), core(), Macro(), clock=CLOCK)


def open_or_build(folder: Path, source: Source) -> Panel:
    return MemoryMapped(folder=str(folder), slots=None).open_or_build(
        source, Macro(), Static(tickers=None), core()
    )


def build_in_child(folder: str, counter: str, results: Any) -> None:
    """Body of a spawned process."""
    built = open_or_build(Path(folder), Source(counter=Path(counter)))
    results.put((built.hash, float(np.nansum(built.features))))


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from panel_market import Source, bars, open_or_build
from ploutos.panel import draft

def killed(self, panel):
    os.kill(os.getpid(), signal.SIGKILL)

draft.Draft.publish = killed
open_or_build(Path(sys.argv[1]), Source(seed=int(sys.argv[3])))
"""


def killed_build(folder: Path, seed: int = 0) -> Path:
    """Have a process killed that builds a panel in `folder`, arrays written; return what it left."""
    before = set(folder.glob(".*.building-*"))
    words = [sys.executable, "-c", KILLED, str(folder), str(Path(__file__).parent), str(seed)]
    assert subprocess.run(words, check=False).returncode == -signal.SIGKILL
    (left,) = set(folder.glob(".*.building-*")) - before
    assert (left / "features.npy").stat().st_size > 1000
    return left


def address(folder: Path, seed: int) -> str:
    """Return the address of the panel of the market `seed`, which is in `folder`."""
    sources = {
        json.loads(file.read_text())["inputs"]["source"]["seed"]: file.parent.name
        for file in folder.glob("?*/manifest.json")
        if not file.parent.name.startswith(".")
    }
    return sources[seed]


def unused(panel: Path, days: float) -> None:
    """Let a panel be one that no command opened for so long."""
    then = time.time() - days * 86_400
    os.utime(panel / "manifest.json", (then, then))


def left_behind(folder: Path) -> list[str]:
    """Return the names in a folder of panels but for locks and the marker."""
    kept = (path.name for path in folder.iterdir() if path.suffix != ".lock")
    return sorted(name for name in kept if name != ".ploutos-panels")


def same(a: Panel, b: Panel) -> bool:
    """Whether two panels are equal to the bit, apart from address and quality report."""
    a, b = replace(a, hash="", quality={}), replace(b, hash="", quality={})
    for name, value in vars(a).items():
        other = vars(b)[name]
        if isinstance(value, np.ndarray):
            if value.dtype != other.dtype or value.shape != other.shape or value.tobytes() != other.tobytes():
                return False
        elif value != other:
            return False
    return True
