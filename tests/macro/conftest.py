"""The shipped macro configurations as constructors, composed with a source of bars as a user would."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import execution_whitelist, instantiate

CONF = Path(__file__).parents[2] / "conf"


@pytest.fixture(scope="session")
def composed() -> Callable[..., tuple[Any, Any]]:
    """Build (data, macro) of the named variants with overrides."""

    def build(data: str, macro: str, *overrides: str) -> tuple[Any, Any]:
        with initialize_config_dir(str(CONF)):
            config = compose(None, overrides=[f"+data={data}", f"+macro={macro}", *overrides])
        with execution_whitelist(["ploutos.*"]):
            return instantiate(config.data), instantiate(config.macro)

    return build
