"""What is wrong with a config file that Hydra cannot even open: it names neither file nor line."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ploutos.apps import search_path
from ploutos.apps.conf_dir import conf_dir


def told(error: Exception, words: Sequence[str] | None) -> str | None:
    """Return the line about an error that Hydra let through while it composed; None for any other."""
    text = str(error)
    if text.startswith("Expected header format"):
        return _header(text)
    if text.startswith("Config group override") or "is not iterable" in text:
        from ploutos.apps.group_choice import unnamed_choice

        return unnamed_choice(words) or (None if "iterable" in text else text)
    if "_partial_ flag must be a bool" in text:
        key = text.rpartition("full_key: ")[2].strip()
        return f"{key}._partial_: must be true or false"
    return None


def _files() -> Iterator[Path]:
    """Yield the files that may have been read, a user's own first."""
    for folder in (search_path.folder, conf_dir()):
        if folder is not None:
            yield from (path for path in sorted(folder.rglob("*.yaml")) if path.is_file())


def _header(text: str) -> str:
    for path in _files():
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if line.startswith("#") and f"'{line.lstrip('# ')}'" in text:
                return f"{path}: line {number}: write '# @package NAME', such as '# @package _global_'"
    return f"config: {text}"
