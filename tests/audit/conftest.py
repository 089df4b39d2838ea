"""The small market, built once."""

from pathlib import Path

import pytest
from audit_market import audited

from ploutos.audit.whole import Audited


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("panels")


@pytest.fixture(scope="session")
def small(folder: Path) -> Audited:
    return audited(folder)


@pytest.fixture(scope="session")
def closes(small: Audited) -> "object":
    from ploutos.audit.whole import _closes

    return _closes(small.panel)
