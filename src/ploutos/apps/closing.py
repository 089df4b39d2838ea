"""The last lines of a command: figures, checks and where to look next."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from omegaconf import DictConfig
from rich.console import Console

from ploutos.apps.outcome import Judged


def tell(console: Console, warnings: Iterable[str]) -> None:
    """Print what a reader of figures should know, a line each."""
    for warning in warnings:
        console.print(f"warning  {warning}", style="yellow", soft_wrap=True, highlight=False, markup=False)


@contextmanager
def judging(console: Console) -> Iterator[None]:
    """Say that the judging is under way: half a minute of backtests without another sign of life."""
    what = "judging: backtests, baselines, replays on noisy prices, bootstrap"
    if console.is_terminal:
        with console.status(what):
            yield
    else:
        console.print(what, highlight=False)
        yield


def close(console: Console, judged: Judged, config: DictConfig) -> None:
    """Print the summary table and the paths of report, verdict and MLflow UI."""
    from ploutos.report.terminal import render

    if judged.study is not None:
        console.print(render(judged.study, judged.verdict))
    else:
        console.print(f"REJECTED  {judged.verdict.reason}", style="bold red", markup=False)
    tell(console, judged.warnings)
    lines = {"verdict": judged.verdict_file, "report": judged.report_file}
    for name, path in lines.items():
        if path is not None:
            console.print(f"{name:<8} {path}", soft_wrap=True, highlight=False, markup=False)
    console.print(
        f"compare  ploutos ui tracking.folder={config.tracking.folder}",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )
