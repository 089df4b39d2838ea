"""Runs `ploutos` inside the test process."""

import sys
from pathlib import Path

import pytest
from commands import Call, Ended


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
        with pytest.raises(SystemExit) as left:
            main.main()
        told = capfd.readouterr()
        return Ended(int(left.value.code or 0), told.out, told.err)

    return call
