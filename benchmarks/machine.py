"""Where a measurement was made."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LIBRARIES = ("numpy", "numba", "polars", "torch", "stable-baselines3")
L3 = Path("/sys/devices/system/cpu/cpu0/cache/index3/size")
UNKNOWN_L3_MIB = 64


def machine() -> dict[str, Any]:
    """Return processor, cores that may be used, memory, caches, GPU and versions."""
    import torch

    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": processor(),
        "cores": usable,
        "memory_gib": round(pages / 2**30, 1),
        "l3_mib": l3_mib(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
    }


def processor() -> str:
    """Return the processor's name."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def l3_mib() -> float:
    """Return the size of the last-level cache, MiB; a generous guess where the system does not tell."""
    size = L3.read_text().strip() if L3.is_file() else ""
    return float(size[:-1]) / 1024 if size.endswith("K") else UNKNOWN_L3_MIB


def commit() -> str:
    """Return the checkout's commit, with '-dirty' where files differ from it; 'unknown' outside of git."""

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("-dirty" if git("status", "--porcelain") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
