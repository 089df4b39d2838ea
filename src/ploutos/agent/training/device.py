"""What to train on."""

from ploutos.types import ConfigError


def require_device(name: str) -> None:
    """Refuse a device that is not there."""
    if name == "cpu":
        return
    import torch

    there = ["cpu"] + (["cuda"] if torch.cuda.is_available() else [])
    if name.partition(":")[0] not in there:
        raise ConfigError(f"agent.device: '{name}' is not there (this machine has: {', '.join(there)})")
