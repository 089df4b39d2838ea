"""Where an override gives a group something that is not a variant's name: null, a number, a mapping."""

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
            named = override.is_sweep_override() or isinstance(value, str | list)
            whole = override.is_delete() and value is None  # ~group
            options = [] if named or whole else loader.get_group_options(group, ObjectType.CONFIG)
            if options:
                given = (override.input_line or "").partition("=")[2]
                listed = ", ".join(sorted(options))
                return f"{group}: '{given}' is not the name of a variant. Available: {listed}"
    return None
