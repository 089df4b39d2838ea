"""The summary at the end of a run: ASCII, within 100 columns, nothing cut off."""

import io

import pytest
from rich.console import Console

from ploutos.report.terminal import render
from ploutos.types import Check, Verdict


def shown(study, verdict, width=100):
    out = io.StringIO()
    Console(file=out, width=width).print(render(study, verdict))
    return out.getvalue()


def check(name, *, passed, gate=True, value=1.0, summary="s"):
    return Check(name=name, passed=passed, value=value, threshold=0.0, gate=gate, summary=summary)


def test_every_figure_and_check_is_there(make_study):
    verdict = Verdict.of((check("target_sharpe", passed=True), check("beats_equal_weight", passed=False)))
    text = shown(make_study(), verdict)
    for words in ("Sharpe", "max drawdown", "turnover", "return 2021, %", "return 2023, %", "equal weight"):
        assert words in text
    rows = {line.split()[0]: line.split() for line in text.splitlines() if line.strip()}
    assert rows["target_sharpe"] == ["target_sharpe", "pass", "1", "0", "gate"]
    assert rows["beats_equal_weight"][1] == "FAIL"
    assert text.rstrip().endswith("REJECTED: failed: beats_equal_weight")


def test_it_is_ascii_and_fits_whatever_the_names(make_study):
    names = tuple(f"a_rather_long_baseline_{i}" for i in range(6))
    study = make_study(names=names)
    long = check(
        "n" * 70 + "é", passed=False, value=None, summary="Could not be computed: [bold]why[/bold] é"
    )
    text = shown(study, Verdict.of((long,)))
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 100
    assert "[bold]why[/bold]" in text  # markup in a message is text
    assert text.count("n" * 20) and "..." not in text


@pytest.mark.parametrize("changes", [{"names": ()}, {"invested": 0.0}, {"years": 1}])
def test_unusual_studies_are_summarised(make_study, changes):
    assert "Sharpe" in shown(make_study(**changes), Verdict.of(()))
