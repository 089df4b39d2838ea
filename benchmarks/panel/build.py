"""Time and memory that the panel of a large market takes to build. Run as a module, it builds one."""

import functools
import importlib
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.panel.child import CORES, measured, peak_bytes
from benchmarks.panel.market import Size
from benchmarks.record import Row

# Stage -> the function or method that does it.
STAGES = {
    "source": ("ploutos.data.synthetic", "Synthetic", "load"),
    "prices": ("ploutos.panel.assemble", None, "align_prices"),
    "features": ("ploutos.panel.assemble", None, "feature_array"),
    "writing": ("ploutos.panel.draft", "Draft", "publish"),
}


def build(size: Size, folder: Path) -> dict[str, Any]:
    """Build the panel of a market in a process of its own; return what that tells."""
    return measured("benchmarks.panel.build", size.overrides(folder))


def rows(told: dict[str, Any], size: Size) -> Iterator[Row]:
    """Yield the rows of what `build` told."""
    rest = told["seconds"] - sum(told["stages"].values())
    stages = ", ".join(f"{name} {took:.1f} s" for name, took in (told["stages"] | {"rest": rest}).items())
    what = (
        f"{told['bars']:,} bars: {size}; {told['features']} features, {told['bytes'] / 1e9:.2f} GB on disk;"
        f" {CORES} cores; one build in a new process"
    )
    note = (
        f"from settings to the mapped panel; {what}; {stages}; {told['processor']:.0f} s of processor time;"
        f" imports before it {told['imports']:.1f} s"
    )
    yield Row("panel.build_s", told["seconds"], "s", note=note)
    note = f"resident memory, pages of the panel's own files included; {what}"
    yield Row("panel.build_peak_gb", told["peak_bytes"] / 1e9, "GB", note=note)
    anonymous = told["anonymous_bytes"]
    note = f"memory that no file backs, sampled every 20 ms; {what}" if anonymous else "needs Linux"
    yield Row("panel.build_peak_anonymous_gb", anonymous / 1e9 or None, "GB", note=note)


def main(overrides: Sequence[str]) -> dict[str, Any]:
    """Build the panel and return times, sizes and the peak of memory."""
    begin = time.perf_counter()
    from benchmarks.panel.market import parts

    panels, made = parts(*overrides)
    stages = dict.fromkeys(STAGES, 0.0)
    for name, (module, owner, function) in STAGES.items():
        home = importlib.import_module(module)
        clock(home if owner is None else getattr(home, owner), function, stages, name)
    imports = time.perf_counter() - begin
    begin, worked = time.perf_counter(), time.process_time()
    panel = panels.open_or_build(*made)
    seconds = time.perf_counter() - begin
    folder = panels.path(panel.hash)
    return {
        "address": panel.hash,
        "seconds": seconds,
        "processor": time.process_time() - worked,
        "imports": imports,
        "stages": stages,
        "peak_bytes": peak_bytes(),
        "bars": panel.quality["panel"]["bars"],
        "features": len(panel.feature_names),
        "bytes": sum(file.stat().st_size for file in folder.glob("*.npy")),
    }


def clock(owner: Any, function: str, stages: dict[str, float], name: str) -> None:
    """Have a function of `owner` add the time that it takes to a stage."""
    timed = getattr(owner, function)

    @functools.wraps(timed)
    def call(*arguments: Any, **named: Any) -> Any:
        begin = time.perf_counter()
        try:
            return timed(*arguments, **named)
        finally:
            stages[name] += time.perf_counter() - begin

    setattr(owner, function, call)


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:])))
