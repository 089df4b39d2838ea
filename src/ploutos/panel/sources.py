"""Hash of the code that produces a result: part of a panel's address and of a run's key."""

import hashlib
import os
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import ploutos
from ploutos.types import ConfigError, one_of

TRUST = "PLOUTOS_TRUST"


def trusted_packages() -> tuple[str, ...]:
    """Return the user's own packages that PLOUTOS_TRUST names, with commas; configs may instantiate them."""
    names = {name.strip() for name in os.environ.get(TRUST, "").split(",")}
    return tuple(sorted(names - {""}))


def source_hash(packages: Iterable[str]) -> str:
    """Return the SHA-256 of the Python sources of `packages`, names below `ploutos` such as "panel".

    It covers the relative name and content of every `.py` file, sorted; not where they are installed.
    The packages of `trusted_packages` are always covered: an edit of a user's own component counts as well.

    Raises
    ------
    ConfigError
        There is no such package.
    """
    root = Path(ploutos.__file__).parent
    digest = hashlib.sha256()
    for package in sorted(set(packages)):
        folder = root / package
        if not folder.is_dir():
            raise one_of("source_hash: package", package, (p.name for p in root.iterdir() if p.is_dir()))
        _add(digest, folder, root)
    for package in trusted_packages():
        place = _place(package)
        _add(digest, place, place.parent)
    return digest.hexdigest()


def _add(digest: "hashlib._Hash", place: Path, root: Path) -> None:
    """Add the Python file `place`, or all of them in the folder `place`, under names relative to `root`."""
    files = [place] if place.is_file() else place.rglob("*.py")
    for file in sorted(files, key=lambda path: path.relative_to(root).as_posix()):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)


def _place(package: str) -> Path:
    """Return the folder of a top-level package, or the file of a top-level module, without importing it."""
    spec = find_spec(package) if package.isidentifier() else None
    if spec is None or not (spec.submodule_search_locations or spec.has_location):
        raise ConfigError(f"{TRUST}: there is no package '{package}' on Python's path; see PYTHONPATH")
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations)))
    return Path(str(spec.origin))
