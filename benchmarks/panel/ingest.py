"""How long a file of daily bars takes to read, judge and label. Run as a module, it reads one."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.panel.child import CORES, measured, peak_bytes
from benchmarks.record import Row
from benchmarks.timing import Sample

FILE = "pystock_us_daily_2015_2017_raw_pit.parquet"
METRIC = "panel.ingest_s"


def measure(folder: Path, repetitions: int) -> Iterator[Row]:
    """Yield the row of the file in `folder`; each repetition is a new process."""
    path = folder.absolute() / FILE
    if not path.is_file():
        yield Row(METRIC, None, "s", note=f"skipped: no such file: {path}")
        return
    orders = [("ploutos", "pandas"), ("pandas", "ploutos")]
    told = [measured("benchmarks.panel.ingest", [str(path), *orders[k % 2]]) for k in range(repetitions)]
    ours, theirs = (Sample(tuple(each[name] for each in told)) for name in orders[0])
    first = told[0]
    note = (
        f"{FILE}: {first['rows']:,} rows to {first['bars']:,} bars, data.quality=standard; {CORES} cores; the"
        f" first load of a process, imports ({first['imports']:.1f} s) apart; peak of its memory"
        f" {max(each['peak_bytes'] for each in told) / 1e9:.2f} GB; {ours.spread()}; pandas reads, sorts and"
        " drops duplicates only"
    )
    ratio = theirs.speedup_over(ours)
    yield Row(METRIC, ours.median, "s", "pandas", theirs.median, ratio, note)


def main(path: str, *order: str) -> dict[str, Any]:
    """Read the file in both ways, in this order; return seconds and counts."""
    begin = time.perf_counter()
    import pandas as pd

    from benchmarks.panel.market import composed
    from ploutos.apps.parts import build

    source = build(
        composed(
            "data=parquet",
            f"data.path='{path}'",
            "data.columns.ts=date",
            "data.columns.asof=asof",
            "data.bar_minutes=null",
            "macro=none",
        ).data
    )
    told: dict[str, Any] = {"imports": time.perf_counter() - begin}

    def by_pandas() -> None:
        key = ["ticker", "date"]
        pd.read_parquet(path).sort_values([*key, "asof"]).drop_duplicates(key)

    def by_ploutos() -> None:
        bars = source.load()
        told.update(rows=bars.quality["rows_read"], bars=bars.frame.height)

    works: dict[str, Callable[[], None]] = {"pandas": by_pandas, "ploutos": by_ploutos}
    for name in order:
        begin = time.perf_counter()
        works[name]()
        told[name] = time.perf_counter() - begin
    return told | {"peak_bytes": peak_bytes()}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
