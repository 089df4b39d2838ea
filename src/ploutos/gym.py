"""Registers the Gymnasium id `Ploutos-v0`, which `ploutos.apps.environments` makes."""

import gymnasium

gymnasium.register(
    id="Ploutos-v0",
    entry_point="ploutos.apps.environments:make",
    vector_entry_point="ploutos.apps.environments:make_vec",
)
