"""A folder of three panels, built once."""

import shutil
from pathlib import Path

import pytest
from panel_market import Source, address, open_or_build, unused


@pytest.fixture(scope="session")
def three_panels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the panels of the markets 1, 2 and 3; not to be changed."""
    folder = tmp_path_factory.mktemp("panels")
    for seed in (1, 2, 3):
        open_or_build(folder, Source(seed))
    return folder


@pytest.fixture
def folder(tmp_path: Path, three_panels: Path) -> Path:
    """Return a copy of that folder; its panels are unused for 1, 20 and 40 days."""
    shutil.copytree(three_panels, tmp_path / "panels")
    for seed, days in ((2, 20), (3, 40), (1, 1)):
        unused(tmp_path / "panels" / address(three_panels, seed), days)
    return tmp_path / "panels"
