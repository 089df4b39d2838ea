"""The key that a user probably meant."""

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig

from ploutos.apps.arguments import parse
from ploutos.apps.conf_dir import conf_dir
from ploutos.types import nearest


def nearest_key(key: str, words: Sequence[str] | None = None) -> str | None:
    """Return the key or group of a command's config that is spelt most like `key`, if it composes.

    `words` are the command, verb first; this process's own where there are none.
    """
    verb, *rest = words if words else (sys.argv[0].split()[-1], *sys.argv[1:])
    try:
        parsed = parse(rest)
        chosen = [o for o in parsed.overrides if "," not in o and not o.lstrip("+~").startswith(key)]
        GlobalHydra.instance().clear()
        with initialize_config_dir(str(conf_dir())):
            config = compose(
                config_name=parsed.config_name or verb, overrides=chosen, return_hydra_config=True
            )
    except Exception:
        return None  # another override is wrong as well: no hint rather than a second error
    groups = [str(g) for g in config.hydra.runtime.choices if not str(g).startswith("hydra/")]
    own = [k for k in _keys(config) if key.startswith("hydra") or not k.startswith("hydra.")]
    if (dotted := key.replace("/", ".")) in own and dotted != key:
        return dotted
    siblings = [k for k in own if k.rpartition(".")[0] == key.rpartition(".")[0]]
    return nearest(key, groups if "/" in key else siblings if "." in key and siblings else {*groups, *own})


def _keys(node: Any, prefix: str = "") -> Iterator[str]:
    """Yield the dotted keys of everything below `node`."""
    if not isinstance(node, DictConfig) or node._is_none() or node._is_missing():
        return
    for key in map(str, node):
        path = f"{prefix}{key}"
        yield path
        child = node._get_node(key)
        if isinstance(child, DictConfig) and not child._is_interpolation():
            yield from _keys(child, f"{path}.")
