"""The local MLflow store: a SQLite database and a folder of artifacts."""

import logging
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ploutos.tracking.lock import file_lock
from ploutos.tracking.run import Run
from ploutos.types import ConfigError, DataError, checked

if TYPE_CHECKING:
    from mlflow import MlflowClient

PARENT = "mlflow.parentRunId"
NAME = "mlflow.runName"


class Mlflow:
    """Opens the store in `folder`, creating database and experiment under a lock where they are missing.

    A fresh database is migrated by one process alone; once it exists, many may write.
    """

    @checked
    def __init__(self, *, folder: str, experiment: str) -> None:
        self.folder = Path(folder).expanduser().absolute()
        self.experiment = experiment

    @property
    def database(self) -> Path:
        """Path of the SQLite file."""
        return self.folder / "mlflow.db"

    @property
    def uri(self) -> str:
        """Tracking URI, also of a folder whose name holds `?`, `%` or `#`."""
        from sqlalchemy.engine import URL

        written = URL.create("sqlite", database=str(self.database)).render_as_string()
        plain = f"sqlite:///{self.database}"
        # With the driver's name, MLflow makes no folder of the quoted name beside the right one.
        return plain if written == plain else written.replace("sqlite:", "sqlite+pysqlite:", 1)

    def client(self) -> "MlflowClient":
        """Return a client of the store."""
        os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
        os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        from mlflow import MlflowClient

        # After the import, which sets levels of its own.
        logging.getLogger("alembic").setLevel(logging.WARNING)
        return MlflowClient(tracking_uri=self.uri)

    def open(self) -> "Store":
        """Create what is missing and return the store."""
        with file_lock(self.folder / ".lock", wait=True, what="tracking.folder"):
            try:
                client = self.client()
                found = client.get_experiment_by_name(self.experiment)
            except Exception as error:
                raise DataError(
                    f"tracking: {self.database} cannot be opened: {_first_line(error)}"
                ) from error
            if found is None:
                location = (self.folder / "artifacts").as_uri()
                experiment_id = client.create_experiment(self.experiment, artifact_location=location)
            else:
                experiment_id = found.experiment_id
                self._require_not_moved(found.artifact_location)
        return Store(client, experiment_id)

    def open_existing(self) -> "Store":
        """Return the store, refusing a folder that holds none (MLflow would create an empty one)."""
        if not self.database.is_file():
            raise ConfigError(f"tracking.folder: no MLflow store at {self.database}; run a study first")
        try:
            with sqlite3.connect(f"{self.database.as_uri()}?mode=ro", uri=True) as connection:
                connection.execute("select count(*) from runs")
        except sqlite3.DatabaseError as error:
            raise DataError(f"tracking.folder: {self.database} is not an MLflow store: {error}") from error
        return self.open()

    def _require_not_moved(self, location: str) -> None:
        expected = (self.folder / "artifacts").as_uri()
        if location != expected:
            raise ConfigError(
                f"tracking.folder: the store in {self.folder} keeps its artifacts at {location}; it was moved"
                f" or belongs elsewhere. Move it back, or start a new one with tracking.folder=<new folder>"
            )


class Store:
    """Finds and starts runs."""

    def __init__(self, client: "MlflowClient", experiment_id: str) -> None:
        self.client = client
        self.experiment_id = experiment_id

    def start(self, name: str, tags: dict[str, Any]) -> Run:
        """Start a run called `name`."""
        texts = {k: str(v) for k, v in tags.items()} | {NAME: name}
        created = self.client.create_run(self.experiment_id, tags=texts, run_name=name)
        return Run(self.client, created.info.run_id)

    def resume(self, run_id: str) -> Run:
        """Continue a run."""
        self.client.update_run(run_id, status="RUNNING")
        return Run(self.client, run_id)

    def find(self, tags: dict[str, str]) -> list[Any]:
        """Return the runs that carry all `tags`, newest first."""
        where = " and ".join(f"tags.`{key}` = '{value}'" for key, value in tags.items())
        found: list[Any] = []
        token = None
        while True:
            page = self.client.search_runs([self.experiment_id], where, page_token=token)
            found += page
            token = page.token
            if not token:
                return found

    def get(self, run_id: str) -> Any:
        """Return one run, or refuse an id that the store does not know."""
        from mlflow.exceptions import MlflowException

        try:
            return self.client.get_run(run_id)
        except MlflowException as error:
            raise ConfigError(f"no run '{run_id}' in the store") from error

    def artifact(self, run_id: str, path: str) -> Path:
        """Return the path of an artifact in the store.

        By the run's own address: by its id, MLflow makes a copy that nobody deletes.
        """
        from mlflow.artifacts import download_artifacts

        root = self.client.get_run(run_id).info.artifact_uri
        local: str = download_artifacts(
            artifact_uri=f"{root}/{quote(path)}", tracking_uri=self.client.tracking_uri
        )
        return Path(local)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
