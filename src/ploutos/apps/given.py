"""What was written on the command line, apart from what the files say."""

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf


def given(config: DictConfig, key: str) -> bool:
    """Return True where `key`, or a key below it, was set on the command line."""
    words = OmegaConf.select(config, "hydra.overrides.task")
    if words is None:
        words = HydraConfig.get().overrides.task if HydraConfig.initialized() else []
    keys = [str(word).partition("=")[0].lstrip("+~").partition("@")[0] for word in words]
    return any(it == key or it.startswith(f"{key}.") for it in keys)
