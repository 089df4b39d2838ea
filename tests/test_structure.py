"""The house: what may import what, and how long a file may be."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "ploutos"
ORDER = [
    "types",
    "hardware",
    "tracking",
    "data",
    "macro",
    "universe",
    "features",
    "panel",
    "split",
    "regime",
    "execution",
    "env",
    "agent",
    "ensemble",
    "backtest",
    "audit",
    "validation",
    "report",
    "live",
    "apps",
]
MODULES = sorted(SOURCE.rglob("*.py"))


def name_of(path):
    return path.relative_to(SOURCE).as_posix()


def imported(path):
    """Return (line, dotted name) of every import, also inside functions and under TYPE_CHECKING."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}:{node.lineno}: relative import"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("import_module", "__import__"):
            (first, *_) = node.args
            if isinstance(first, ast.Constant):
                yield node.lineno, first.value


def test_every_package_has_its_place_in_the_order():
    packages = {p.name for p in SOURCE.iterdir() if (p / "__init__.py").is_file()}
    assert packages <= set(ORDER), f"not in DESIGN section 1: {sorted(packages - set(ORDER))}"
    assert {"types", "execution", "env", "agent", "apps"} <= packages


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_package_imports_a_later_one(path):
    own = path.relative_to(SOURCE).parts[0]
    place = ORDER.index(own) if own in ORDER else -1  # ploutos/__init__.py itself imports no package
    for line, name in imported(path):
        parts = name.split(".")
        if parts[0] == "ploutos" and len(parts) > 1 and parts[1] in ORDER:
            later = ORDER.index(parts[1]) > place
            assert not later, f"{name_of(path)}:{line}: '{own}' imports '{parts[1]}', which stands later"


def test_an_import_that_hides_in_a_function_is_seen(tmp_path):
    hidden = tmp_path / "hidden.py"
    hidden.write_text("def f():\n    from ploutos.apps import main\n    import torch\n")
    assert list(imported(hidden)) == [(2, "ploutos.apps.main"), (3, "torch")]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_files_are_short(path):
    assert len(path.read_text().splitlines()) <= 300


@pytest.mark.parametrize("path", [m for m in MODULES if m.name == "__init__.py"], ids=name_of)
def test_packages_are_light_to_import(path):
    heavy = {"torch", "mlflow", "stable_baselines3", "sb3_contrib", "plotly", "numba", "polars"}
    top = ast.parse(path.read_text()).body
    found = {
        (node.names[0].name if isinstance(node, ast.Import) else node.module or "").split(".")[0]
        for node in top
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }
    assert not found & heavy
