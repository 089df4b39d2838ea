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


def announce(console: Console, difference: str) -> None:
    """Say in the first line that this judgement asks less, or other things, than the first one."""
    if difference:
        console.print(difference, style="bold yellow", soft_wrap=True, highlight=False, markup=False)


def close(console: Console, judged: Judged, config: DictConfig) -> None:
    """Print the summary table and the paths of report, verdict and MLflow UI."""
    from ploutos.report.terminal import render

    def say(line: str, style: str = "") -> None:
        console.print(line, style=style, soft_wrap=True, highlight=False, markup=False)

    verdict, judgement = judged.verdict, judged.judgement
    kept = judgement.kept if judgement is not None and not judgement.is_first else None
    if judgement is not None and judgement.differs:
        # Before any figure: nobody shall take it for the verdict that the study keeps.
        say(f"{outcome(verdict.accepted)}: {verdict.reason}", "bold yellow")
    if judged.study is not None:
        console.print(render(judged.study, verdict))
    else:
        say(f"REJECTED  {verdict.reason}", "bold red")
    tell(console, judged.warnings)
    if judgement is not None and kept is not None:
        say(f"record   judgement {judgement.number} of run {judgement.judged}; it keeps its first verdict:")
        say(f"         {outcome(kept.accepted)} {kept.judged_at}: {kept.reason}")
    lines = {"verdict": judged.verdict_file, "report": judged.report_file}
    for name, path in lines.items():
        if path is not None:
            say(f"{name:<8} {path}")
    say(f"compare  ploutos ui tracking.folder={config.tracking.folder}")


def outcome(accepted: bool) -> str:
    """Return how a verdict is called."""
    return "ACCEPTED" if accepted else "REJECTED"
