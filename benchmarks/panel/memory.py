"""What the Linux kernel says of the memory of a process."""

import re
import threading
from dataclasses import dataclass
from pathlib import Path

MAPPING = re.compile(r"[0-9a-f]+-[0-9a-f]+ ")


@dataclass(frozen=True)
class Use:
    """Bytes of one process.

    Attributes
    ----------
    inside : proportional set size (PSS) of mappings of files in a folder: a page that n processes have
        mapped counts 1 / n in each.
    outside : PSS of all other mappings.
    private : what lies outside and no other process has.
    """

    inside: int
    outside: int
    private: int


def tells() -> bool:
    """Return whether this system says how much memory of a process is shared."""
    return Path("/proc/self/smaps").is_file()


def use(pid: int, folder: Path) -> Use:
    """Return the memory of a process, what it has mapped of `folder` apart."""
    sums = {(True, "Pss"): 0, (False, "Pss"): 0, (False, "Private"): 0, (True, "Private"): 0}
    within, ours = f"{folder.resolve()}/", False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if MAPPING.match(line):
            fields = line.split(maxsplit=5)
            ours = len(fields) == 6 and fields[5].startswith(within)
        elif line.startswith(("Pss:", "Private_Clean:", "Private_Dirty:")):
            name, value, _ = line.split()
            sums[ours, re.split("[:_]", name)[0]] += int(value) * 1024
    return Use(sums[True, "Pss"], sums[False, "Pss"], sums[False, "Private"])


def status(pid: int, name: str) -> int:
    """Return a size that /proc/PID/status names, bytes; 0 for a process that has ended."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


class Peak:
    """Watches the anonymous memory of a process, which no file backs, every 20 ms."""

    def __init__(self, pid: int) -> None:
        self.bytes, self.looks = 0, 0
        self._pid, self._over = pid, threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Peak":
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._over.is_set():
            self.bytes = max(self.bytes, status(self._pid, "RssAnon"))
            self.looks += 1
            self._over.wait(0.02)
