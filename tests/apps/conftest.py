"""Runs `ploutos` inside the test process."""

import logging
import sys
from pathlib import Path

import pytest
from commands import Call, Ended
from gym_workplace import MARKET


@pytest.fixture
def ploutos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Call:
    """Call the entry point in this process, in an empty folder."""
    from hydra.core.global_hydra import GlobalHydra

    from ploutos.apps import main, study_state

    folder = tmp_path / "cwd"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("COMP_LINE", "PLOUTOS_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")

    def call(*arguments: str) -> Ended:
        GlobalHydra.instance().clear()
        study_state.launched = study_state.place = None
        monkeypatch.setattr(sys, "argv", ["ploutos", *arguments])
        capfd.readouterr()
        root = logging.getLogger()
        before, level = root.handlers[:], root.level
        with pytest.raises(SystemExit) as left:
            main.main()
        # `--info` logs to this call's streams, which end with the test.
        root.handlers[:] = before
        root.setLevel(level)
        told = capfd.readouterr()
        return Ended(int(left.value.code or 0), told.out, told.err)

    return call


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which the panel of the tests of `Ploutos-v0` is built."""
    from ploutos.apps.environments import make

    folder = tmp_path_factory.mktemp("workplace")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        make(overrides=MARKET)
    return folder


@pytest.fixture
def inside(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go into `workplace`."""
    monkeypatch.chdir(workplace)
    monkeypatch.delenv("PLOUTOS_TRUST", raising=False)
    return workplace
