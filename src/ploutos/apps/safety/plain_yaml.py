"""YAML without tags: a tag is how a file asks for more than text, numbers, lists and mappings."""

from pathlib import Path
from typing import Any

import yaml
from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra.plugins.config_source import ConfigResult
from omegaconf import DictConfig, OmegaConf

from ploutos.types import ConfigError

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load(path: Path, *, called: str) -> Any:
    """Read a YAML file as OmegaConf does; `called` is what messages call it.

    Raises
    ------
    ConfigError
        It is no YAML, or has a tag; names the line.
    """
    require_plain(path, called=called)
    return OmegaConf.load(path)


def require_plain(path: Path, *, called: str) -> None:
    """Refuse a file that is no YAML or has a tag, by its line."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{called}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    try:
        for event in yaml.parse(text, Loader=Loader):
            tag = getattr(event, "tag", None)
            if tag is not None:
                raise ConfigError(
                    f"{called}: line {event.start_mark.line + 1}: the YAML tag '{tag}' is not allowed; write"
                    " plain text, numbers, lists and mappings"
                )
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ConfigError(f"{called}: {where}no valid YAML: {problem}") from error


class UserFolder(FileConfigSource):
    """A folder of a user's own configs, in Hydra's search path: read without tags."""

    @staticmethod
    def scheme() -> str:
        """Return the scheme of its address, which no config can name: they may not set a search path."""
        return "ploutos-user"

    def load_config(self, config_path: str) -> ConfigResult:
        """Read one file; refuses tags, broken YAML and what only the command itself may set."""
        name = self._normalize_file_name(config_path)
        path = Path(self.path, name)
        if path.is_file():
            require_plain(path, called=str(path))
        result = super().load_config(config_path)
        if isinstance(result.config, DictConfig):
            for key in ("hydra.searchpath", "hydra.aliases"):
                if OmegaConf.select(result.config, key, throw_on_resolution_failure=False) is not None:
                    raise ConfigError(f"{path}: {key}: not allowed in a config; use --config-dir")
        return result
