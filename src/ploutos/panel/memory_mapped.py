"""The panel as files that any number of processes map: built once, found again by its content address."""

import logging
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ploutos.data.source import Source
from ploutos.panel import manifest, removal, store
from ploutos.panel.assemble import Macro, Universe, assemble
from ploutos.panel.blocks import FeatureSet
from ploutos.panel.draft import Draft
from ploutos.panel.panel import Panel
from ploutos.panel.sources import source_hash
from ploutos.tracking.files import ASIDE
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
        """Return the SHA-256 of everything that decides the panel, see `inputs`."""
        return manifest.digest(self.inputs(source, macro, universe, features))

    def inputs(
        self, source: Source, macro: Macro, universe: Universe, features: FeatureSet
    ) -> dict[str, Any]:
        """Return everything that decides the panel, JSON-ready: data, settings, code, libraries."""
        return {
            "schema_version": manifest.SCHEMA_VERSION,
            "source": source.fingerprint(),
            "clock": source.clock.as_dict(),
            "slots": self.slots,
            "macro": macro.fingerprint(),
            "universe": universe.fingerprint(),
            "features": features.fingerprint(),
            "code": source_hash(PRODUCERS),
            "libraries": {"numba": version("numba"), "numpy": np.__version__, "polars": pl.__version__},
        }

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
        inputs = self.inputs(source, macro, universe, features)
        address = manifest.digest(inputs)
        with suppress(manifest.DamagedPanel):
            panel = self._stored(address)
            if panel is not None:
                return panel
        with file_lock(self.folder / f".{address}.lock", wait=True, what="panel.folder"):
            removal.mark(self.folder)
            try:
                panel = self._stored(address)
                if panel is not None:
                    return panel
            except manifest.DamagedPanel as damage:
                log.warning("panel %s is damaged and will be rebuilt: %s", self._kept(address), damage)
            removal.clear_unfinished(self.folder, address)
            with Draft(self.path(address), inputs) as draft:
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
        except manifest.DamagedPanel as damage:
            raise DataError(f"panel.folder: '{self.path(address)}' is damaged: {damage}") from damage
        if panel is None:
            raise DataError(f"panel.folder: there is no panel {address[:16]} in '{self.folder}'")
        return panel

    def _stored(self, address: str) -> Panel | None:
        """Return the stored panel, None where there is none; DamagedPanel where it cannot be read."""
        path = self.path(address)
        if not path.exists():
            return None
        panel = store.read(path, address)
        removal.mark(self.folder)
        return panel

    def _kept(self, address: str) -> str:
        """Return the path of what is in the way of a panel, with a word where it will not be removed."""
        path = self.path(address)
        ours = removal.why_not_ours(path, address) is None
        return str(path) if ours else f"{path} (kept beside it: a name with '{ASIDE}')"
