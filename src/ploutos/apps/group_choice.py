"""Where an override takes a group for a setting, or a setting for a group."""

import re
import sys
from collections.abc import Sequence

from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser

from ploutos.apps.arguments import parse
from ploutos.apps.conf_dir import conf_dir


def unnamed_choice(words: Sequence[str] | None = None) -> str | None:
    """Return the line about the first override of a group that names no variant; None where all do.

    `words` are the command, verb first; this process's own where there are none.
    """
    _, *rest = words or ("", *sys.argv[1:])
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(conf_dir())):
        loader = GlobalHydra.instance().config_loader()
        for override in OverridesParser.create().parse_overrides(parse(rest).overrides):
            value, group = override.value(), override.key_or_group
            names = value if isinstance(value, list) else [value]
            named = override.is_sweep_override() or all(isinstance(name, str) for name in names)
            whole = override.is_delete() and value is None  # ~group
            options = loader.get_group_options(group, ObjectType.CONFIG)
            inner = loader.get_group_options(group, ObjectType.GROUP)
            given = (override.input_line or "").partition("=")[2]
            if options and not named and not whole:
                listed = ", ".join(sorted(options))
                return f"{group}: '{given}' is not the name of a variant. Available: {listed}"
            if inner and not options and given and "." not in group:
                listed = ", ".join(f"{group}/{name}" for name in sorted(inner))
                return f"{group}: '{given}' is no variant: there are none but in its groups {listed}"
    return None


def slashed(override: str) -> str | None:
    """Return the line about a setting that is named like a group, such as `env/action.allow_short=true`."""
    found = re.match(r"[+~]*((?:\w+/)+\w+)((?:\.[\w.]+)+)", override)
    if found is None:
        return None
    group, rest = found.groups()
    key = group.replace("/", ".") + rest
    return f"{group}{rest}: a setting is named with dots, say {key}=...; {group}=... chooses a variant"
