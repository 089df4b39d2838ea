"""A verb's config inside a user's own program, which may use Hydra itself."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig

from ploutos.apps import search_path
from ploutos.apps.arguments import refuse_search_paths
from ploutos.apps.conf_dir import conf_dir
from ploutos.apps.errors import USAGE, describe
from ploutos.apps.safety.resolvers import restricted
from ploutos.types import ConfigError


@contextmanager
def composed(verb: str, overrides: Sequence[str], config_dir: str | None) -> Iterator[DictConfig]:
    """Compose the config of `verb` as its command line would; Hydra is afterwards as it was found.

    What is wrong with the config, here or while it is held, is raised as a ConfigError of one line.
    """
    if isinstance(overrides, str) or not all(isinstance(word, str) for word in overrides):
        raise ConfigError(f"overrides: {overrides!r} is not a list of texts such as ['env/action=discrete']")
    users = GlobalHydra.instance()
    running, folder = users.hydra, search_path.folder
    users.clear()
    try:
        refuse_search_paths(overrides)
        search_path.put_first(config_dir)
        with restricted(), initialize_config_dir(str(conf_dir())):
            yield compose(verb, overrides=list(overrides), return_hydra_config=True)
    except Exception as error:
        line, code = describe(error, [verb, *overrides])
        if code != USAGE or (isinstance(error, ConfigError) and str(error) == line):
            raise
        raise ConfigError(line) from error
    finally:
        search_path.folder = folder
        GlobalHydra.set_instance(users)
        users.hydra = running
