"""Tab completion: `eval "$(ploutos -sc install=bash)"`; Hydra completes a verb's settings."""

import os
import sys
from collections.abc import Iterable

FLAGS = ("-sc", "--shell-completion")


def asked_for(arguments: list[str]) -> bool:
    """Return True when the shell (or its installer) calls, which it does without a verb."""
    return bool(arguments) and arguments[0] in FLAGS


def verb_in_line(verbs: Iterable[str]) -> str | None:
    """Return the verb of the line being completed and take it out, as Hydra does not know it.

    A verb that is still being typed is completed here: None, and there is nothing left to do. Without a
    line (an installer) any verb serves.
    """
    line = os.environ.get("COMP_LINE")
    if line is None:
        return next(iter(verbs))
    words = line.split(" ")
    if len(words) <= 2:
        sys.stdout.write(" ".join(v for v in verbs if v.startswith(words[-1] if len(words) == 2 else "")))
        return None
    if words[1] not in verbs:
        return None
    os.environ["COMP_LINE"] = " ".join([words[0], *words[2:]])
    return words[1]


def words_in_line() -> list[str]:
    """Return the words of the line being completed, without the command."""
    return os.environ.get("COMP_LINE", "").split()[1:]
