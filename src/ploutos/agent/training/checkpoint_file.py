"""The state of one unfinished training, in one file that is whole or not there."""

import hashlib
import io
import json
import logging
import os
import secrets
import time
from pathlib import Path
from typing import Any

import torch

from ploutos.agent.training.files import belongs_to
from ploutos.tracking.files import set_aside
from ploutos.types.checkpoints import State

FORMAT = 1
MOST_OF_THE_TIME = 0.01  # share of the training that saving may take
log = logging.getLogger(__name__)


class CheckpointFile:
    """Keeps a state under the identity `key`; a file that is damaged or of another key is not used.

    The file is a line of JSON (format, key, hash of the rest) and what `torch.save` wrote; nothing but
    tensors, numbers and strings is read back. A new state replaces the old one in one step.

    Parameters
    ----------
    every_seconds : between two saves; longer where saving would take more than 1 % of the time. 0: at every
        boundary, whatever it takes.
    """

    def __init__(self, path: Path, *, key: str, every_seconds: float) -> None:
        self.path = path
        self.key = key
        self.every_seconds = every_seconds
        self._next = time.monotonic() + every_seconds

    def load(self) -> State | None:
        """Return what was saved; None, and a line in the log, where it cannot be used."""
        try:
            return self._read()
        except FileNotFoundError:
            return None
        except Exception as error:
            why = (str(error).splitlines() or [type(error).__name__])[0]
            log.warning("checkpoint %s is not used, training starts anew: %s", self.path, why)
            return None

    def due(self) -> bool:
        """Return whether `every_seconds` have passed."""
        return time.monotonic() >= self._next

    def save(self, state: State) -> None:
        """Replace the file; a disk that is full costs the checkpoint, not the training.

        What lies there and is no checkpoint of this run is moved aside, not replaced.
        """
        begun = time.monotonic()
        require_plain(state)
        buffer = io.BytesIO()
        torch.save(state, buffer)
        body = buffer.getbuffer()
        head = {"format": FORMAT, "key": self.key, "sha256": hashlib.sha256(body).hexdigest()}
        try:
            self._write(json.dumps(head).encode() + b"\n", body)
        except OSError as error:
            log.warning("checkpoint %s cannot be written: %s", self.path, error.strerror)
        now = time.monotonic()
        rest = (now - begun) / MOST_OF_THE_TIME if self.every_seconds else 0.0
        self._next = now + max(self.every_seconds, rest)

    def _write(self, *parts: bytes | memoryview) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Two studies may train the same run at once: what they write is the same, but not in the same moment.
        partial = self.path.with_name(f"{self.path.name}.{secrets.token_hex(4)}.tmp")
        if os.path.lexists(self.path) and belongs_to(self.path) != self.key:
            set_aside(self.path)
        with partial.open("xb") as file:
            try:
                for part in parts:
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
                partial.replace(self.path)
            except BaseException:
                partial.unlink(missing_ok=True)
                raise

    def _read(self) -> State:
        if self.path.exists() and not self.path.is_file():  # a pipe would be waited for
            raise ValueError("it is no file")
        head, _, body = self.path.read_bytes().partition(b"\n")
        about = json.loads(head)
        if about["format"] != FORMAT or about["key"] != self.key:
            raise ValueError("it belongs to another run")
        if about["sha256"] != hashlib.sha256(body).hexdigest():
            raise ValueError("it is damaged")
        state: State = torch.load(io.BytesIO(body), weights_only=True, map_location="cpu")
        return state


def require_plain(value: Any, where: str = "state") -> None:
    """Refuse, by its place, anything that could not be read back without running code."""
    if isinstance(value, torch.Tensor) or value is None or type(value) in (bool, int, float, str):
        return
    if isinstance(value, dict):
        for name, item in value.items():
            if type(name) not in (int, str):
                raise TypeError(f"checkpoint: {where} has the key {name!r}, neither string nor whole number")
            require_plain(item, f"{where}.{name}")
    elif type(value) in (list, tuple):
        for index, item in enumerate(value):
            require_plain(item, f"{where}[{index}]")
    else:
        raise TypeError(f"checkpoint: {where} is a {type(value).__name__}, not a tensor, number or string")
