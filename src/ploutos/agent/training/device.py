"""What to train on."""

from ploutos.types import ConfigError


def require_device(name: str) -> None:
    """Refuse, as a ConfigError, a device that is neither cpu nor one of the GPUs here: cuda, cuda:0, ..."""
    if name == "cpu":
        return
    import torch

    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    there = ["cpu"] + (["cuda"] if gpus else []) + [f"cuda:{index}" for index in range(gpus)]
    if name not in there:
        raise ConfigError(f"agent.device: '{name}' is not there (this machine has: {', '.join(there)})")
