"""The `ploutos` command: picks the verb, imports only what it needs."""

import os
import sys
from importlib import import_module

import ploutos
from ploutos.apps import completion

VERBS = {
    "data": "build or inspect a panel and print its data-quality report",
    "audit": "does anything in a config see the future? exit code 1 where it does",
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
            "usage: ploutos VERB [key=value ...]     (ploutos help VERB for its settings)",
            "",
            *lines,
            "",
        ]
    )


def main() -> None:
    """Run `ploutos VERB [overrides]` and exit with its code."""
    arguments = sys.argv[1:]
    if completion.asked_for(arguments):
        sys.exit(complete(arguments))
    if not arguments or arguments[0] in ("-h", "--help"):
        sys.stdout.write(usage())
        sys.exit(0)
    if arguments[0] == "--version":
        sys.stdout.write(f"ploutos {ploutos.__version__}\n")
        sys.exit(0)
    if arguments[0] == "help":  # `ploutos help`, `ploutos help train`
        if len(arguments) == 1:
            sys.stdout.write(usage())
            sys.exit(0)
        arguments = [*arguments[1:], "--help"]
    sys.exit(end(*arguments))


def end(verb: str, *arguments: str) -> int:
    """Run a verb so that a signal ends it; return its exit code."""
    if verb not in VERBS:
        from ploutos.types.errors import one_of

        sys.stderr.write(f"ploutos: {one_of('verb', verb, VERBS)}\n")
        return 2
    from ploutos.apps.interrupts import interrupts, say

    try:
        if verb != "ui":  # which a signal ends in its own way
            interrupts.watch()
        code = guarded(verb, list(arguments))
    except KeyboardInterrupt:  # outside of all that the verb guards itself
        say(interrupts.reason())
        code = interrupts.code
    finally:
        interrupts.leave_if_received()
        interrupts.unwatch()
    return code


def guarded(verb: str, arguments: list[str]) -> int:
    """Run a verb; where memory does not even suffice to load it, say so in one line."""
    from ploutos.apps.memory import shortage, too_little

    line = too_little()
    if line is None:
        try:
            return run(verb, arguments)
        except Exception as error:
            line = shortage(error)
            if line is None:
                raise
    sys.stderr.write(f"ploutos: {line}\n")
    return 1


def run(verb: str, arguments: list[str]) -> int:
    """Hand `arguments` to the verb's own program; return its exit code."""
    from ploutos.apps import search_path
    from ploutos.apps.arguments import parse, refuse_other_sources
    from ploutos.apps.errors import explain
    from ploutos.apps.safety import machinery, resolvers

    # Hydra's own handler prints several lines and exits 1; ours prints one and exits 2.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    sys.argv = [f"ploutos {verb}", *arguments]
    try:
        flags = parse(arguments)
        refuse_other_sources(flags)
        search_path.put_first(flags.config_dir)
        resolvers.restrict()
        machinery.check_command(verb, flags)
        code: int = import_module(f"ploutos.apps.{verb}").main()
    except Exception as error:
        return explain(error)
    return code


def complete(arguments: list[str]) -> int:
    """Answer the shell: verbs from here, settings from Hydra."""
    words = completion.words_in_line()
    verb = completion.verb_in_line(VERBS)
    if verb is None:
        return 0
    try:
        from ploutos.apps import search_path
        from ploutos.apps.arguments import parse

        search_path.put_first(parse(words).config_dir)
        sys.argv = ["ploutos", *arguments]
        code: int = import_module(f"ploutos.apps.{verb}").main()
    except Exception:
        return 1  # a half-typed line: nothing to offer, and no noise on the prompt
    return code
