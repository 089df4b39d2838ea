"""Hash of the code that produces a result: part of a panel's address and of a run's key."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import ploutos
from ploutos.types import one_of


def source_hash(packages: Iterable[str]) -> str:
    """Return the SHA-256 of the Python sources of `packages`, names below `ploutos` such as "panel".

    It covers the relative name and content of every `.py` file, sorted; not where they are installed.

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
        for file in sorted(folder.rglob("*.py"), key=lambda path: path.relative_to(root).as_posix()):
            content = file.read_bytes()
            digest.update(f"{file.relative_to(root).as_posix()}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()
