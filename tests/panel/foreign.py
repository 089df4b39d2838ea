"""Things of other people in a folder that Ploutos keeps tidy: as nasty as names and links can be."""

import hashlib
import json
import os
import shutil
from pathlib import Path


def plant(folder: Path, panel: Path, outside: Path) -> None:
    """Put into `folder` what looks like panels, leftovers, locks and trash, and is none of ours.

    `panel` is a real one, to copy from; links point into `outside`, where a file is put as well.
    """
    ours = set(folder.iterdir())
    (outside / "home").mkdir(parents=True)
    (outside / "home" / "letter.txt").write_text("dear")
    told = json.loads((panel / "manifest.json").read_text())
    manifests: dict[str, object] = {
        "1": None,
        "2": {"schema_version": told["schema_version"]},
        "3": told | {"schema_version": told["schema_version"] - 1, "hash": "3" * 64},
        "4": told | {"schema_version": 99, "hash": "4" * 64},
        "5": told,  # of another address
        "6": {"name": "npm package", "files": ["index.js"]},
        "7": [1, 2, 3],
        "8": told | {"kind": "other.panel", "hash": "8" * 64},
    }
    for digit, manifest in manifests.items():
        for name in (digit * 64, f".{digit * 64}.building-12", f".ploutos-trash/{digit * 64}-0123abcd"):
            _folder(folder / name, manifest)
    _folder(folder / "thesis", told)
    _folder(folder / ("A" * 64), told | {"hash": "A" * 64})  # capitals are no address
    _folder(folder / ("9" * 63), told | {"hash": "9" * 63})
    _folder(folder / ".Trash", None)
    _folder(folder / f".{'a' * 64}.leaving", None)
    (folder / ("b" * 64)).write_text("a file")
    (folder / ("c" * 64)).symlink_to(outside / "home")
    (folder / f".{'c' * 64}.building-1").symlink_to(outside / "home")
    (folder / ".ploutos-trash" / f"{'c' * 64}-01234567").symlink_to(outside / "home")
    (folder / "dangling").symlink_to(outside / "nowhere")
    (folder / "notes.txt").write_text("mine")
    (folder / "model.pt").write_bytes(b"PK\x03\x04")
    os.mkfifo(folder / ("d" * 64))
    _folder(folder / ("e" * 64), None)
    os.mkfifo(folder / ("e" * 64) / "manifest.json")
    # A panel of ours, but for a file, a folder or a link of somebody in it.
    for digit, name in (("f", "thesis.txt"), ("0", "features.npz")):
        copied(panel, folder / (digit * 64))
        (folder / (digit * 64) / name).write_text("mine")
    copied(panel, folder / ("ab" * 32))
    (folder / ("ab" * 32) / "features.npy").unlink()
    (folder / ("ab" * 32) / "features.npy").symlink_to(outside / "home" / "letter.txt")
    copied(panel, folder / ("ba" * 32))
    (folder / ("ba" * 32) / "macro.npy").unlink()
    (folder / ("ba" * 32) / "macro.npy").mkdir()
    for top in set(folder.iterdir()) - ours:  # as old as can be
        for place in (top, *top.rglob("*")):
            if not place.is_symlink():
                os.utime(place, (0, 0))


def copied(panel: Path, target: Path) -> None:
    """Copy a panel to another address, its manifest edited: of ours, but damaged."""
    shutil.copytree(panel, target)
    told = json.loads((target / "manifest.json").read_text())
    (target / "manifest.json").write_text(json.dumps(told | {"hash": target.name}))


def snapshot(folder: Path) -> dict[str, str]:
    """Return what each entry below `folder` is: kind, and content or where it points."""
    found = {}
    for place in sorted(folder.rglob("*")):
        if place.is_symlink():
            told = f"link {place.readlink()}"
        elif place.is_file():
            told = hashlib.sha256(place.read_bytes()).hexdigest()
        else:
            told = "folder" if place.is_dir() else "other"
        found[place.relative_to(folder).as_posix()] = told
    return found


def _folder(place: Path, manifest: object) -> None:
    place.mkdir(parents=True)
    (place / "chapter.txt").write_text("mine")
    if manifest is not None:
        (place / "manifest.json").write_text(json.dumps(manifest))
