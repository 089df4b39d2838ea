"""One MLflow run: parameters, curves, artifacts and how it ended."""

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ploutos.tracking.files import share
from ploutos.tracking.waiting import WaitingClient

if TYPE_CHECKING:
    from mlflow.entities import Metric

FLUSH_AT = 500  # metrics per request; one call per metric costs sixty times as much


class Run:
    """Writes to one run; metrics are buffered and sent in batches."""

    def __init__(self, client: WaitingClient, run_id: str) -> None:
        self.client = client
        self.run_id = run_id
        self._pending: list[Metric] = []
        self._pending_tags: dict[str, str] = {}

    def parameters(self, values: dict[str, str]) -> None:
        """Log parameters; those that are there already stay."""
        from mlflow.entities import Param

        known = self.client.get_run(self.run_id).data.params
        new = [Param(k.replace("[", ".").replace("]", ""), v) for k, v in values.items() if k not in known]
        for start in range(0, len(new), 100):
            self.client.log_batch(self.run_id, params=new[start : start + 100])

    def tags(self, values: dict[str, Any]) -> None:
        """Set tags."""
        from mlflow.entities import RunTag

        self.client.log_batch(self.run_id, tags=[RunTag(k, str(v)) for k, v in values.items()])

    def tags_later(self, values: dict[str, Any]) -> None:
        """Set tags with the next `flush`."""
        self._pending_tags |= {k: str(v) for k, v in values.items()}

    def metrics(self, values: dict[str, float], step: int = 0, *, at: float | None = None) -> None:
        """Buffer the finite ones of `values` at `step` (MLflow's store keeps no inf or NaN faithfully).

        `at`: when they were measured, seconds since the epoch; None: now.
        """
        from mlflow.entities import Metric

        when = int((time.time() if at is None else at) * 1000)
        self._pending += [Metric(k, float(v), when, step) for k, v in values.items() if math.isfinite(v)]
        if len(self._pending) >= FLUSH_AT:
            self.flush()

    def flush(self) -> None:
        """Send what is buffered; what could not be sent stays."""
        if self._pending_tags:
            self.tags(self._pending_tags)
            self._pending_tags = {}
        while self._pending:
            self.client.log_batch(self.run_id, metrics=self._pending[:FLUSH_AT])
            del self._pending[:FLUSH_AT]

    def close(self, state: str, reason: str | None = None) -> str | None:
        """End the run like `finish`; return why that could not be recorded, None where it was."""
        try:
            self.finish(state, reason)
        except Exception as error:
            return (str(error).strip().splitlines() or [type(error).__name__])[0]
        return None

    def artifacts(self, path: Path, into: str | None = None) -> None:
        """Log a file, or all of a folder."""
        if path.is_dir():
            self.client.log_artifacts(self.run_id, str(path), into)
        else:
            self.client.log_artifact(self.run_id, str(path), into)

    def linked(self, path: Path, into: str | None = None) -> None:
        """Log a file that is only ever replaced whole: one file with two names, where that can be."""
        from mlflow.utils.file_utils import local_file_uri_to_path
        from mlflow.utils.uri import is_local_uri

        uri = self.client.get_run(self.run_id).info.artifact_uri
        if is_local_uri(uri, is_tracking_or_registry_uri=False):
            kept = Path(local_file_uri_to_path(uri)) / (into or "") / path.name
            if share(path, kept):
                return
            kept.unlink(missing_ok=True)  # a copy would write into what another folder may share
        self.artifacts(path, into)

    def text(self, content: str, name: str) -> None:
        """Log a text as the artifact `name`."""
        self.client.log_text(self.run_id, content, name)

    def finish(self, state: str, reason: str | None = None) -> None:
        """End the run as FINISHED, FAILED or KILLED."""
        self.flush()
        if reason:
            self.tags({"ploutos.reason": reason[:2000]})
        self.client.set_terminated(self.run_id, state)
