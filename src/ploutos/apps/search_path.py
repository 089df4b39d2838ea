"""A user's own config folder: its files win over the shipped ones of the same name."""

from pathlib import Path

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin

from ploutos.apps.safety.plain_yaml import UserFolder
from ploutos.types import ConfigError

folder: Path | None = None  # set by `put_first`; Hydra builds its plugins without arguments


class UserFirst(SearchPathPlugin):
    """Puts the user's folder before all others; Hydra's own `--config-dir` puts it behind the shipped one."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Prepend the folder, if there is one."""
        if folder is not None:
            search_path.prepend(provider="user", path=f"{UserFolder.scheme()}://{folder}")


def put_first(given: str | None) -> None:
    """Search the folder `given` before the shipped configuration; None searches that alone."""
    global folder
    folder = None if given is None else Path(given).expanduser().absolute()
    if folder is None:
        return
    if not folder.is_dir():
        raise ConfigError(f"--config-dir: there is no folder '{given}'")
    for plugin in (UserFirst, UserFolder):
        Plugins.instance().register(plugin)
