"""The settings under which a CSV file was read, as a config that can be saved."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

COMPONENTS = ("calendar", "quality", "actions")


def settings_text(layout: dict[str, Any], config: DictConfig, choices: dict[str, str], *, name: str) -> str:
    """Return a YAML file for `data=<name>` that reads the same file in the same way without looking at it.

    Parameters
    ----------
    layout : the settings of the reader, see `Layout.settings`.
    config : the node `data` that was composed.
    choices : group -> option, of which those below `data` are kept.
    """
    plain = OmegaConf.to_container(config, resolve=True)
    assert isinstance(plain, dict)
    own = {str(k): v for k, v in plain.items() if not str(k).startswith("_") and k not in COMPONENTS}
    place = str(Path(str(own["path"])).expanduser().absolute())
    own |= layout | {"path": place.replace("${", "\\${")}  # a sign of OmegaConf's
    chosen = [
        f"  - override {part}: {choices[f'data/{part}']}" for part in COMPONENTS if f"data/{part}" in choices
    ]
    lines = [
        f"# Save as my_conf/data/{name}.yaml, then: ploutos data --config-dir my_conf data={name}",
        "defaults:",
        "  - csv",
        *chosen,
        "  - _self_",
        "",
    ]
    return "\n".join(lines) + OmegaConf.to_yaml(OmegaConf.create(own))
