"""Making `Ploutos-v0` on the smallest market there is."""

import os
import subprocess
import sys
from pathlib import Path

from commands import TINY

ID = "Ploutos-v0"
MARKET = [o for o in TINY if o.startswith(("data.", "split.", "env."))]
PAGE = Path(__file__).parents[2] / "docs" / "gymnasium.md"


def python(script, folder, **environment):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=folder, env=os.environ | environment, capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
