"""Settings of one launcher that another does not have: told and left out, so that experiments run on any."""

from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from omegaconf import DictConfig, OmegaConf, flag_override

KEY = "hydra.launcher"
PARALLEL = "joblib"


def declared(name: str) -> DictConfig | None:
    """Return the settings of the launcher `name` as it declares them, with types; None: no such launcher."""
    Plugins.instance()  # launchers declare themselves when they are imported
    store = ConfigStore.instance()
    if f"{name}.yaml" not in store.list("hydra/launcher"):
        return None
    node: DictConfig = store.load(f"hydra/launcher/{name}.yaml").node
    return node


def fit(config: DictConfig) -> list[str]:
    """Take out of `hydra.launcher` what the chosen launcher does not have; return a line for each.

    Raises
    ------
    OmegaConfBaseException
        A value that the launcher cannot take.
    """
    chosen = str(config.hydra.runtime.choices.get("hydra/launcher"))
    known, node = declared(chosen), config.hydra.launcher
    if known is None or node is None:
        return []
    foreign = [str(key) for key in node if key not in known]
    with flag_override(config.hydra, ["readonly", "struct"], [False, False]):
        for key in foreign:
            del node[key]
            # Hydra composes each job again and refuses one whose launcher is not the sweep's.
            config.hydra.overrides.hydra.append(f"~{KEY}.{key}")
    given: dict[Any, Any] = {key: node[key] for key in node if key != "_target_"}
    OmegaConf.merge({"hydra": {"launcher": known}}, {"hydra": {"launcher": given}})  # for the types
    how = ", which runs one job after another" if chosen == "basic" else ""
    return [f"{KEY}.{key} does not apply to hydra/launcher={chosen}{how}; it is left out" for key in foreign]


def foreign_key(key: str) -> str | None:
    """Say what to do about `key` where it is a setting of the parallel launcher and that was not chosen."""
    known = declared(PARALLEL)
    name = key.removeprefix(f"{KEY}.")
    if name == key or known is None or name not in known:
        return None
    return (
        f"{key}: a setting of the launcher of parallel jobs; add hydra/launcher={PARALLEL}, or leave it out"
    )
