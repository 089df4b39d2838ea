"""A simulated market that no memory holds is refused in one line, before anything is drawn."""

import os
import re
from datetime import date

import pytest

from ploutos.data.synthetic_size import BYTES_A_CELL, require_memory, sessions_of
from ploutos.types import ConfigError

MEMORY = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@pytest.mark.parametrize("assets", [10**8, 10**15])
def test_too_many_assets_are_refused_by_the_sources(synthetic, assets):
    with pytest.raises(ConfigError, match=r"data\.n_assets: \d+ assets x .* at most [\d,]+ of them") as told:
        synthetic(n_assets=assets)
    assert "\n" not in str(told.value)


def test_the_number_that_is_named_would_do():
    bars = 10_000
    with pytest.raises(ConfigError) as told:
        require_memory(10**9, bars)
    most = int(re.search(r"at most ([\d,]+)", str(told.value)).group(1).replace(",", ""))
    assert most * bars * BYTES_A_CELL <= MEMORY < (most + 1) * bars * BYTES_A_CELL
    require_memory(most, bars)


def test_years_beyond_the_calendar_are_refused():
    start = date(2015, 1, 2)
    assert sessions_of(start, 1.0) == 261
    with pytest.raises(ConfigError, match=r"data\.years: 1e\+09 from 2015-01-02 .* at most \d{4}"):
        sessions_of(start, 1e9)
