"""Measures in a process of its own: features of a market, the same ones with pandas, one more bar."""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from hydra import compose, initialize_config_dir

from benchmarks.features.market import bars
from benchmarks.features.pandas_set import features as with_pandas
from benchmarks.panel.child import peak_bytes
from benchmarks.panel.memory import status
from benchmarks.timing import cores
from ploutos.apps.conf_dir import conf_dir
from ploutos.apps.parts import build
from ploutos.features.live import LiveFeatures
from ploutos.panel.align import axes
from ploutos.panel.blocks import feature_array, in_memory
from ploutos.types import Bars


def main(tickers: int, rows: int, repetitions: int, live_tickers: int) -> dict[str, Any]:
    """Return seconds, sizes and peaks."""
    technical, everything = chosen("technical"), chosen("technical", "cross_section", "market")
    frame = bars(tickers, rows)
    told: dict[str, Any] = {"features": len(technical.names(()))}
    told["first_s"] = first_use(technical, frame)
    axis = axes(frame)  # of the prices as well: part of the panel, not of its features
    told |= memory(technical, frame, axis)
    begin = time.perf_counter()
    room = batch(technical, frame, axis)
    told["fresh_s"] = (time.perf_counter() - begin) / tickers
    few = max(1, tickers // 25)
    part = frame[: few * rows]
    tables = [table.to_pandas().set_index("ts") for table in part.partition_by("ticker")]
    names = list(technical.names(()))
    work: dict[str, tuple[Callable[[], object], int, int]] = {
        "two": (lambda: batch(technical, frame, axis, room), tickers, 2),
        "one": (lambda: batch(technical, frame, axis, room), tickers, 1),
        "pandas": (lambda: [with_pandas(table, names) for table in tables], few, 1),
    }
    told["seconds"] = {name: [] for name in work}
    for _ in range(repetitions):
        for name, (call, count, on) in work.items():
            with cores(on):
                begin = time.perf_counter()
                call()
                told["seconds"][name].append((time.perf_counter() - begin) / count)
    told["live_features"] = len(everything.names(()))
    told |= live(everything, bars(live_tickers, 1400, seed=1))
    return told


def chosen(*groups: str) -> Any:
    """Return the features of a shipped configuration, of further families beside it."""
    more = ",".join(groups[1:])
    with initialize_config_dir(str(conf_dir()), job_name="benchmarks"):
        config = compose("train", [f"features={groups[0]}", "data.calendar.timezone=UTC"])
        config.features.groups += more.split(",") if more else []
        return build(config.features)


def batch(
    features: Any, frame: pl.DataFrame, axis: tuple[Any, Any], room: np.ndarray | None = None
) -> np.ndarray:
    """Return the panel's array of features, made as the panel is, in `room` if given."""
    ts, tickers = axis
    delist_bar = np.full(len(tickers), -1, np.int32)
    allocate = in_memory if room is None else lambda *_: room
    values, _ = feature_array(features, Bars(frame=frame), ts, tickers, delist_bar, allocate)
    return values


def first_use(features: Any, frame: pl.DataFrame) -> float:
    """Return seconds until a small frame is done: formulas compiled, the kernel loaded from disk."""
    begin = time.perf_counter()
    features.compute(frame[:500], ())
    return time.perf_counter() - begin


def memory(features: Any, frame: pl.DataFrame, axis: tuple[Any, Any]) -> dict[str, int]:
    """Return the size of the output, and what a run takes at its peak, output included."""
    before = status(os.getpid(), "VmRSS")
    values = batch(features, frame, axis)
    return {"output_bytes": values.nbytes, "taken_bytes": peak_bytes() - before if before else 0}


def live(features: Any, frame: pl.DataFrame) -> dict[str, Any]:
    """Return milliseconds of single updates, and whether all equal the batch to the bit."""
    ts, tickers = axes(frame)
    values = batch(features, frame, (ts, tickers))
    stream = LiveFeatures(features=features, tickers=tickers, signals=())
    late = len(ts) - 200
    cut = pl.lit(int(ts[late])).cast(pl.Datetime("us", "UTC"))
    stream.catch_up(frame.filter(pl.col("ts") < cut))
    numbers = frame.select("open", "high", "low", "close", "volume").to_numpy()
    by_time = numbers.reshape(len(tickers), len(ts), 5).transpose(1, 0, 2).copy()
    known, equal, spent = np.ones(len(tickers), np.bool_), True, []
    for t in range(late, len(ts)):
        begin = time.perf_counter()
        now = stream.update(int(ts[t]), by_time[t], known)
        spent.append((time.perf_counter() - begin) * 1e3)
        equal &= now.tobytes() == values[t].tobytes()
    return {"live_ms": spent, "live_equal": equal}


if __name__ == "__main__":
    print(json.dumps(main(*map(int, sys.argv[1:]))))
