"""Every check of the project, one session a verb: `nox -s tests`, `nox -s lint`, ..."""

import json
import os
import sys
import tempfile
from pathlib import Path

import nox

ROOT = Path(__file__).parent
CONSTRAINTS = ROOT / "constraints.txt"
CODE = ("src", "tests", "benchmarks", "noxfile.py")

PROJECT = ROOT / ".nox" / "project"

nox.options.sessions = ["lint", "types", "quickstart", "docs", "slow", "tests"]


def project(session: nox.Session, *tools: str) -> Path:
    """Return the Python of the environment that holds Ploutos (editable) and `tools` at the pinned versions.

    Sessions share it: installing Ploutos takes longer than most of them.
    """
    python = PROJECT / "bin" / "python"
    if not python.exists():
        session.run(sys.executable, "-m", "venv", "--clear", PROJECT)
    session.run(
        python, "-m", "pip", "install", "-q", "-c", CONSTRAINTS, "-e", f"{ROOT}[alpaca,yfinance]", *tools
    )
    return python


def pytest(session: nox.Session, *arguments: str) -> None:
    """Run the tests in two processes of one thread each, which is fastest and repeatable on two cores."""
    python = project(session, "pytest", "pytest-xdist", "hypothesis", "TA-Lib")
    threads = dict.fromkeys(("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
    spread = ("-n", "2", "--dist", "worksteal", "--durations", "10")
    session.run(python, "-m", "pytest", *spread, *arguments, *session.posargs, env=threads)


@nox.session(venv_backend="none")
def tests(session: nox.Session) -> None:
    """All tests but the slow ones."""
    pytest(session, "-m", "not slow")


@nox.session(venv_backend="none")
def slow(session: nox.Session) -> None:
    """The tests marked slow: whole studies, interruptions, the pages of docs/add_a_new."""
    pytest(session, "-m", "slow")


@nox.session
def lint(session: nox.Session) -> None:
    """Style and formatting."""
    session.install("-c", str(CONSTRAINTS), "ruff")
    # No cache: a module that moves changes how the imports of files that did not change are sorted.
    session.run("ruff", "check", "--no-cache", *CODE)
    session.run("ruff", "format", "--no-cache", "--check", *CODE)


@nox.session(venv_backend="none")
def types(session: nox.Session) -> None:
    """Static types, strict."""
    session.run(project(session, "mypy"), "-m", "mypy")


@nox.session(venv_backend="none")
def docs(session: nox.Session) -> None:
    """Links, anchors and facts of the documentation (its long examples run in `slow`)."""
    pytest(session, "-m", "not slow", "tests/docs")


@nox.session(venv_backend="none")
def benchmarks(session: nox.Session) -> None:
    """A benchmark, `env --quick` unless arguments after `--` say otherwise; never judged here."""
    python = project(session)
    session.run(python, "-m", "benchmarks", *(session.posargs or ("env", "--quick")))


@nox.session
def quickstart(session: nox.Session) -> None:
    """Install the built wheel in a clean environment, run the README's first command in another folder."""
    session.install("-c", str(CONSTRAINTS), "build", "hatchling")
    with tempfile.TemporaryDirectory() as folder:
        session.run("python", "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, silent=True)
        (wheel,) = Path(folder).glob("ploutos-*.whl")
        clean, work = Path(folder) / "venv", Path(folder) / "work"
        work.mkdir()
        session.run("python", "-m", "venv", str(clean))
        python, ploutos = clean / "bin" / "python", clean / "bin" / "ploutos"
        session.run(python, "-m", "pip", "install", "-q", "-c", CONSTRAINTS, wheel, external=True)
        session.run(python, "-m", "pip", "check", external=True)
        with session.chdir(work):
            verbs = session.run(ploutos, external=True, silent=True)
            for verb in ("data", "train", "study", "validate", "ui"):
                if f"\n  {verb} " not in str(verbs):
                    session.error(f"'ploutos' does not list the verb {verb}:\n{verbs}")
            outside = {"PYTHONPATH": "", "CI": os.environ.get("CI", "")}
            session.run(ploutos, "study", "experiment=quickstart", external=True, env=outside)
            check_quickstart(session, work)


def check_quickstart(session: nox.Session, work: Path) -> None:
    """Refuse a study without report or its nine finished runs, and one that misses the planted signal."""
    verdicts = list(work.glob("outputs/study/quickstart/*/verdict.json"))
    if len(verdicts) != 1:
        session.error(f"expected one verdict.json, found {verdicts}")
    verdict = json.loads(verdicts[0].read_text())
    states = [child["state"] for child in verdict["children"]]
    if states != ["FINISHED"] * 9:
        session.error(f"expected 9 finished runs, got {states}")
    if not (verdicts[0].parent / "report.html").is_file():
        session.error("there is no report.html beside verdict.json")
    if not verdict["accepted"]:
        session.error(f"the planted signal was not found: {verdict['reason']}")
    session.log(f"verdict: accepted={verdict['accepted']} ({verdict['reason']}), 9 finished runs")
