"""The references that a config may make: to other settings, the time and Hydra's own."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from omegaconf import OmegaConf
from omegaconf.basecontainer import BaseContainer

from ploutos.types import ConfigError

# `oc.env` would put the environment into what people share, `oc.coerce` imports any module, `oc.create` reads
# YAML of its own. What is not known is refused, too: it is somebody's Python function.
ALLOWED = {
    "hydra",
    "hydra.instantiate_override",
    "now",
    "oc.decode",
    "oc.deprecated",
    "oc.dict.keys",
    "oc.dict.values",
    "oc.select",
    "python_version",
}


def restrict() -> None:
    """Refuse all other resolvers in this process from now on."""
    for name in sorted(set(BaseContainer._resolvers) - ALLOWED):
        OmegaConf.register_resolver(name, _refusing(name), replace=True)


@contextmanager
def restricted() -> Iterator[None]:
    """Refuse them inside only: the program around may have configs of its own."""
    before = dict(BaseContainer._resolvers)
    restrict()
    try:
        yield
    finally:
        BaseContainer._resolvers.clear()
        BaseContainer._resolvers.update(before)


def of_resolver(message: str) -> str:
    """Return what a resolver said, out of OmegaConf's message about it."""
    return re.sub(r"^\w+ raised while resolving interpolation: ", "", message.strip().splitlines()[0])


def _refusing(name: str) -> Callable[..., Any]:
    def refuse(*_: Any) -> Any:
        raise ConfigError(
            f"a reference ${{{name}:...}} is not allowed in a config; write the value, or set it on the"
            " command line"
        )

    return refuse
