"""How long a stored panel takes to open."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.panel.market import Size, parts
from benchmarks.record import Row
from benchmarks.timing import Effort, Work, interleave
from ploutos.panel import store


def measure(folder: Path, sizes: dict[str, Size], addresses: dict[str, str], effort: Effort) -> Iterator[Row]:
    """Yield the rows; `sizes` and `addresses` know the panels "large" and "tiny" in `folder`."""
    works = {name: opening(folder / addresses[name], addresses[name]) for name in ("large", "tiny")}
    panels, made = parts(*sizes["large"].overrides(folder))
    same = panels.address(*made) == addresses["large"]
    if same:
        works["whole"] = finding(panels, made)
    times = interleave(works, effort)
    large, tiny = times["large"], times["tiny"]
    yield Row(
        "panel.open_ms",
        1e3 * large.median,
        "ms",
        f"a panel of {sizes['tiny']}",
        1e3 * tiny.median,
        tiny.speedup_over(large),
        f"manifest read, files checked and mapped; {sizes['large']}; {large.spread()}",
    )
    name = "panel.open_by_settings_ms"
    if not same:  # it would be built again
        yield Row(name, None, "ms", note="the sources of Ploutos changed while this ran")
        return
    whole = times["whole"]
    note = f"the same with the panel's address, from settings and code; {sizes['large']}; {whole.spread()}"
    yield Row(name, 1e3 * whole.median, "ms", note=note)


def opening(place: Path, address: str) -> Work:
    """Return what opens one panel `n` times."""

    def work(n: int) -> None:
        for _ in range(n):
            store.read(place, address)

    return work


def finding(panels: Any, made: tuple[Any, ...]) -> Work:
    """Return what finds a panel by its settings and opens it, `n` times."""

    def work(n: int) -> None:
        for _ in range(n):
            panels.open_or_build(*made)

    return work
