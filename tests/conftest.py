"""Fixtures shared by all tests."""

from pathlib import Path

import pytest

REAL_DATA = Path(__file__).parents[2] / "shared" / "data"
CASES = REAL_DATA.with_name("cases")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real market files that lie beside the checkout."""
    if not (REAL_DATA / "ploutos_us_hourly_2020_2026_UTC.parquet").is_file():
        pytest.skip("the real market files are not beside this checkout (../shared/data)")
    return REAL_DATA


@pytest.fixture(scope="session")
def cases() -> Path:
    """Folder of small files that were once read wrongly, beside the checkout."""
    if not CASES.is_dir():
        pytest.skip("the small failing files are not beside this checkout (../shared/cases)")
    return CASES
