"""The disk cache of compiled kernels: used by a second process, dropped when a source changes."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from by_hand import play

import ploutos
from ploutos.execution.compiled import KERNEL_SOURCES

HOUSE = Path(ploutos.__file__).parent
COUNT = """
import json
def told(dispatcher, **more):
    stats = dispatcher.stats
    hits, misses = sum(stats.cache_hits.values()), sum(stats.cache_misses.values())
    print(json.dumps({"hits": hits, "misses": misses, **more}))
"""
STEP = """
import sys
sys.path[:0] = sys.argv[1:]
from by_hand import play
from ploutos.execution.kernel import execute
assert play([[50], [51]], [[50], [52]], [[0.5]]).shares[0, 0] == 100.0
told(execute)
"""
KERNEL = """
from ploutos.execution.compiled import kernel
from ploutos.execution.called_by_it import part_of_it

@kernel
def computed(x):
    return part_of_it(x) + 1
"""
PART = """
from ploutos.execution.compiled import part

@part
def part_of_it(x):
    return {} * x
"""
CALL = """
from ploutos.execution.an_entry_point import computed
told(computed, value=computed(10))
"""


def in_a_new_process(script, *arguments, **variables):
    """Run `script` and return what it told."""
    command = [sys.executable, "-W", "error", "-c", COUNT + script, *map(str, arguments)]
    done = subprocess.run(
        command, env=os.environ | variables, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_second_process_takes_its_kernels_from_the_cache():
    play([[50], [51]], [[50], [52]], [[0.5]])  # compiles here, if nothing did before
    here = Path(__file__).parent
    assert in_a_new_process(STEP, here, here.parent) == {"hits": 1, "misses": 0}


def test_a_change_in_a_file_that_a_kernel_calls_is_noticed(tmp_path):
    copy = tmp_path / "source" / "ploutos"
    shutil.copytree(HOUSE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "execution" / "an_entry_point.py").write_text(KERNEL)
    called = copy / "execution" / "called_by_it.py"
    called.write_text(PART.format(2))
    place = {"PYTHONPATH": str(copy.parent), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    assert in_a_new_process(CALL, **place) == {"hits": 0, "misses": 1, "value": 21}
    assert in_a_new_process(CALL, **place) == {"hits": 1, "misses": 0, "value": 21}
    called.write_text(PART.format(3))
    assert in_a_new_process(CALL, **place) == {"hits": 0, "misses": 1, "value": 31}
    assert in_a_new_process(CALL, **place) == {"hits": 1, "misses": 0, "value": 31}


def modules_with_kernels():
    texts = ((path, path.read_text()) for path in sorted(HOUSE.rglob("*.py")))
    marks = ("\n@kernel\n", "\n@part\n", "\n@rare\n")
    return [path for path, text in texts if any(mark in text for mark in marks)]


@pytest.mark.parametrize("path", modules_with_kernels(), ids=lambda path: path.relative_to(HOUSE).as_posix())
def test_what_a_kernel_holds_is_watched(path):
    """Compiled code holds the parts that it calls and the values of the constants that its module imports."""
    compiled = {module_name(other) for other in modules_with_kernels()}
    found = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.ImportFrom)]
    constants = {n.module for n in found if any(alias.name.isupper() for alias in n.names)}
    held = {module_name(path)} | {n.module for n in found if n.module in compiled | constants}
    watched = [f"ploutos.{source.removesuffix('.py').replace('/', '.')}" for source in KERNEL_SOURCES]
    ours = {name for name in held if name.startswith("ploutos.")}
    assert [name for name in ours if not any(f"{name}.".startswith(f"{w}.") for w in watched)] == []


def module_name(path):
    return f"ploutos.{path.relative_to(HOUSE).with_suffix('').as_posix().replace('/', '.')}"


def test_where_nothing_can_be_kept_one_line_names_the_remedy(tmp_path):
    """Files stand where Numba would make its folders, so that not even root can write there."""
    copy = tmp_path / "source" / "ploutos"
    shutil.copytree(HOUSE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in {path.parent for path in copy.rglob("*.py")}:
        (folder / "__pycache__").touch()
    script = "from ploutos.apps.errors import describe\ntry:\n    import ploutos.execution.kernel\n"
    script += "except Exception as error:\n    print(*describe(error)[::-1])\n"
    nowhere = {
        "PYTHONPATH": str(copy.parent),
        "NUMBA_CACHE_DIR": "/dev/null/a",
        "XDG_CACHE_HOME": "/dev/null/b",
    }
    nowhere |= {"PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, env=os.environ | nowhere, capture_output=True, text=True, check=True)
    told = done.stdout
    assert told.startswith("2 NUMBA_CACHE_DIR: /dev/null/a: compiled kernels cannot be kept"), told
    assert "set NUMBA_CACHE_DIR to a folder that can be written" in told and told.count("\n") == 1
