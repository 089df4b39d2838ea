"""Speed of the environment; markets by hand and the scalar reference are those of the tests."""

import sys
from pathlib import Path

TESTS = Path(__file__).parents[2] / "tests"
sys.path += [str(TESTS), str(TESTS / "execution")]
