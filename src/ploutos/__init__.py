"""Ploutos: trading research that tells the truth about its strategies."""

import sys

__version__ = "0.1.0"

if "gymnasium" in sys.modules:  # importing it for everybody would make every command wait for NumPy
    import ploutos.gym  # noqa: F401
