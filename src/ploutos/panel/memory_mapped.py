"""The panel as files that any number of processes map: built once, found again by its content address."""

import hashlib
import json
import logging
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import polars as pl

from ploutos.data.source import Source
from ploutos.panel import store
from ploutos.panel.assemble import Macro, Universe, assemble
from ploutos.panel.blocks import FeatureSet
from ploutos.panel.draft import Draft
from ploutos.panel.panel import Panel
from ploutos.panel.sources import source_hash
from ploutos.tracking.lock import file_lock
from ploutos.types import DataError, PositiveInt, checked

PRODUCERS = ("types", "data", "macro", "universe", "features", "panel")

log = logging.getLogger(__name__)


class MemoryMapped:
    """A folder of panels, one sub-folder each, named by their address.

    Parameters
    ----------
    slots : how many names an environment shows at once; None: as many as the universe has at most.
    """

    @checked
    def __init__(self, *, folder: str, slots: PositiveInt | None) -> None:
        self.folder = Path(folder).expanduser()
        self.slots = slots

    def address(self, source: Source, macro: Macro, universe: Universe, features: FeatureSet) -> str:
        """Return the SHA-256 of everything that decides the panel: inputs, settings, code, libraries."""
        parts = {
            "schema_version": store.SCHEMA_VERSION,
            "source": source.fingerprint(),
            "clock": source.clock.as_dict(),
            "slots": self.slots,
            "macro": macro.fingerprint(),
            "universe": universe.fingerprint(),
            "features": features.fingerprint(),
            "code": source_hash(PRODUCERS),
            "libraries": {"numba": version("numba"), "numpy": np.__version__, "polars": pl.__version__},
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def path(self, address: str) -> Path:
        """Return the folder of the panel with this address."""
        return self.folder / address

    def open_or_build(self, source: Source, macro: Macro, universe: Universe, features: FeatureSet) -> Panel:
        """Return the panel, mapped read-only; built when it is missing or damaged, by one process at a time.

        Raises
        ------
        ConfigError
            The folder cannot be written.
        """
        address = self.address(source, macro, universe, features)
        with suppress(store.DamagedPanel):
            panel = self._stored(address)
            if panel is not None:
                return panel
        with file_lock(self.folder / f".{address}.lock", wait=True, what="panel.folder"):
            try:
                panel = self._stored(address)
                if panel is not None:
                    return panel
            except store.DamagedPanel as damage:
                log.warning("panel %s is damaged and will be rebuilt: %s", self.path(address), damage)
            store.clear_unfinished(self.path(address))
            with Draft(self.path(address)) as draft:
                built = assemble(
                    source.load(),
                    universe,
                    features,
                    macro,
                    clock=source.clock,
                    slots=self.slots,
                    allocate=draft.array,
                )
                draft.publish(replace(built, hash=address))
                del built
            return store.read(self.path(address), address)

    def open(self, address: str) -> Panel:
        """Return the stored panel with this address; DataError where it is missing or damaged."""
        try:
            panel = self._stored(address)
        except store.DamagedPanel as damage:
            raise DataError(f"panel.folder: '{self.path(address)}' is damaged: {damage}") from damage
        if panel is None:
            raise DataError(f"panel.folder: there is no panel {address[:16]} in '{self.folder}'")
        return panel

    def _stored(self, address: str) -> Panel | None:
        """Return the stored panel, None where there is none; DamagedPanel where it cannot be read."""
        path = self.path(address)
        return store.read(path, address) if path.exists() else None
