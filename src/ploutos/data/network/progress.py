"""Shows a download on stderr."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def shown(tickers: list[str], what: str) -> Iterator[Iterator[str]]:
    """Give an iterator over `tickers` that draws a bar while it runs; no bar where stderr is no terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(what, total=len(tickers))

        def each() -> Iterator[str]:
            for ticker in tickers:
                progress.update(task, description=f"{what} {ticker}")
                yield ticker
                progress.advance(task)

        yield each()
