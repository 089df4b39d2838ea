"""The `ploutos` command: picks the verb, imports only what it needs."""

import os
import sys
from importlib import import_module

import ploutos

VERBS = {
    "data": "build or inspect a panel and print its data-quality report",
    "train": "one run: one fold, one seed, from data to verdict",
    "study": "folds x seeds as a multirun, judged at the end",
    "validate": "judge a recorded study again",
    "ui": "open the MLflow UI on the local store",
}


def usage() -> str:
    """Return the list of verbs."""
    width = max(map(len, VERBS))
    lines = [f"  {verb:<{width}}  {what}" for verb, what in VERBS.items()]
    return "\n".join(
        [
            f"ploutos {ploutos.__version__}: trading research that tells the truth",
            "",
            "usage: ploutos VERB [key=value ...]     (ploutos VERB --help for its settings)",
            "",
            *lines,
            "",
        ]
    )


def main() -> None:
    """Run `ploutos VERB [overrides]` and exit with its code."""
    complete_verb()
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in ("-h", "--help"):
        sys.stdout.write(usage())
        sys.exit(0)
    if arguments[0] == "--version":
        sys.stdout.write(f"ploutos {ploutos.__version__}\n")
        sys.exit(0)
    verb = arguments[0]
    if verb not in VERBS:
        from ploutos.types.errors import one_of

        sys.stderr.write(f"ploutos: {one_of('verb', verb, VERBS)}\n")
        sys.exit(2)
    # Hydra's own handler prints several lines and exits 1; ours prints one and exits 2.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    sys.argv = [f"ploutos {verb}", *arguments[1:]]
    sys.exit(import_module(f"ploutos.apps.{verb}").main())


def complete_verb() -> None:
    """Let Hydra's tab completion see the line without the verb, which it does not know."""
    line = os.environ.get("COMP_LINE")
    if line is not None:
        words = line.split(" ")
        if len(words) > 1 and words[1] in VERBS:
            os.environ["COMP_LINE"] = " ".join([words[0], *words[2:]])
            cut = len(words[1]) + 1
            os.environ["COMP_POINT"] = str(max(0, int(os.environ.get("COMP_POINT", "0")) - cut))
