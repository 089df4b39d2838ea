"""Registers the Gymnasium id `Ploutos-v0`, which `ploutos.apps.environments` makes."""

import gymnasium

ID = "Ploutos-v0"

gymnasium.register(
    id=ID,
    entry_point="ploutos.apps.environments:make",
    vector_entry_point="ploutos.apps.environments:make_vec",
)
