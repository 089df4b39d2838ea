"""The local MLflow store: a SQLite database and a folder of artifacts."""

import logging
import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ploutos.tracking.lock import file_lock
from ploutos.tracking.run import Run
from ploutos.tracking.waiting import SLICE_MS, Patience, StoreBusy, StoreFull, WaitingClient, shorten_waits
from ploutos.types import ConfigError, DataError, PositiveFloat, checked, one_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from ploutos.tracking.controller import Controller

PARENT = "mlflow.parentRunId"
CONTROLLER = "ploutos.controller"  # the process that launched the run
NAME = "mlflow.runName"


class Mlflow:
    """Opens the store in `folder`, creating database and experiment under a lock where they are missing.

    A fresh database is migrated by one process alone, beside its place, and is there whole or not at all.
    Once it exists, many may write; each waits for up to `busy_timeout_seconds` while another has it locked.
    """

    @checked
    def __init__(self, *, folder: str, experiment: str, busy_timeout_seconds: PositiveFloat) -> None:
        self.folder = Path(folder).expanduser().absolute()
        self.experiment = experiment
        self.busy_timeout_seconds = busy_timeout_seconds

    @property
    def database(self) -> Path:
        """Path of the SQLite file."""
        return self.folder / "mlflow.db"

    @property
    def uri(self) -> str:
        """Tracking URI."""
        return database_uri(self.database)

    def patience(self) -> Patience:
        """Return how long this store is waited for."""
        return Patience(self.database, self.busy_timeout_seconds)

    def _create(self) -> None:
        """Make the database: MLflow cannot go on with steps that a full disk or a kill has ended."""
        partial = self.database.with_suffix(".db.partial")
        for leftover in self.folder.glob(f"{partial.name}*"):
            leftover.unlink()
        self._connect(database_uri(partial))._tracking_client.store.engine.dispose()
        partial.replace(self.database)

    def client(self) -> WaitingClient:
        """Return a client of the store that waits for the database."""
        return WaitingClient(self._connect(self.uri), self.patience())

    def _connect(self, uri: str) -> "MlflowClient":
        os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
        os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        from mlflow import MlflowClient

        # After the import, which sets levels of its own.
        logging.getLogger("alembic").setLevel(logging.WARNING)
        shorten_waits()
        return self.patience().call(MlflowClient, tracking_uri=uri)

    def open(self, *, create: bool = True) -> "Store":
        """Return the store; what is missing is created, or refused with `create=False`."""
        with file_lock(self.folder / ".lock", wait=True, what="tracking.folder"):
            require_mlflow(self.database)
            try:
                if not self.database.exists():
                    self._create()
                client = self.client()
                found = client.get_experiment_by_name(self.experiment)
            except (StoreBusy, StoreFull):
                raise
            except Exception as error:
                raise DataError(
                    f"tracking: {self.database} cannot be opened: {_first_line(error)}"
                ) from error
            if found is None and not create:
                known = [it.name for it in client.search_experiments()]
                raise one_of("tracking.experiment", self.experiment, known)
            if found is None:
                location = (self.folder / "artifacts").as_uri()
                experiment_id = client.create_experiment(self.experiment, artifact_location=location)
            else:
                experiment_id = found.experiment_id
                self._require_active(found)
                self._require_not_moved(found.artifact_location)
        return Store(client, experiment_id)

    def open_existing(self) -> "Store":
        """Return the store, refusing a folder that holds none, and an experiment that is not there."""
        self.require_store()
        return self.open(create=False)

    def require_store(self) -> None:
        """Refuse a folder that holds no store (MLflow would create an empty one)."""
        if not self.database.is_file():
            raise ConfigError(f"tracking.folder: no MLflow store at {self.database}; run a study first")
        try:
            self.patience().call(self._count_runs)
        except sqlite3.DatabaseError as error:
            raise DataError(f"tracking.folder: {self.database} is not an MLflow store: {error}") from error

    def _require_active(self, experiment: Any) -> None:
        """Refuse an experiment in MLflow's bin: it keeps its name, and takes no runs."""
        if experiment.lifecycle_stage != "active":
            raise ConfigError(
                f"tracking.experiment: '{self.experiment}' was deleted in the store; take another name with"
                f" tracking.experiment=..., or restore it: MLFLOW_TRACKING_URI={self.uri} mlflow experiments"
                f" restore --experiment-id {experiment.experiment_id}"
            )

    def _count_runs(self) -> None:
        address = f"{self.database.as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=SLICE_MS / 1000)) as connection:
            connection.execute("select count(*) from runs")

    def _require_not_moved(self, location: str) -> None:
        expected = (self.folder / "artifacts").as_uri()
        if location != expected:
            raise ConfigError(
                f"tracking.folder: the store in {self.folder} keeps its artifacts at {location}; it was moved"
                f" or belongs elsewhere. Move it back, or start a new one with tracking.folder=<new folder>"
            )


def require_mlflow(database: Path) -> None:
    """Refuse a database of another program: MLflow would add its tables to it."""
    if not database.is_file():
        return
    query = "select name from sqlite_master where type = 'table'"
    with suppress(sqlite3.Error), closing(sqlite3.connect(database)) as connection:  # MLflow tells of errors
        tables = {name for (name,) in connection.execute(query)}
        if tables and not tables >= {"experiments", "runs"}:
            raise ConfigError(
                f"tracking.folder: {database} is a database of another program (it has"
                f" '{min(tables)}', but no 'runs'); choose another folder"
            )


def database_uri(database: Path) -> str:
    """Return the address of a SQLite file, also in a folder whose name holds `?`, `%` or `#`."""
    from sqlalchemy.engine import URL

    written = URL.create("sqlite", database=str(database)).render_as_string()
    plain = f"sqlite:///{database}"
    # With the driver's name, MLflow makes no folder of the quoted name beside the right one.
    return plain if written == plain else written.replace("sqlite:", "sqlite+pysqlite:", 1)


class Store:
    """Finds and starts runs."""

    def __init__(self, client: WaitingClient, experiment_id: str) -> None:
        self.client = client
        self.experiment_id = experiment_id

    def start(self, name: str, tags: dict[str, Any]) -> Run:
        """Start a run called `name`."""
        texts = {k: str(v) for k, v in tags.items()} | {NAME: name}
        created = self.client.create_run(self.experiment_id, tags=texts, run_name=name)
        return Run(self.client, created.info.run_id)

    def resume(self, run_id: str, controller: "Controller") -> Run:
        """Continue a run, which is `controller`'s from now on."""
        run = Run(self.client, run_id)
        run.tags(
            {CONTROLLER: controller.as_text()}
        )  # first: RUNNING under a process that is gone is an orphan
        self.client.update_run(run_id, status="RUNNING")
        return run

    def find(self, tags: dict[str, str], *, status: str | None = None) -> list[Any]:
        """Return the runs that carry all `tags`, newest first; those of a `status` where one is given."""
        terms = [f"tags.`{key}` = '{value}'" for key, value in tags.items()]
        terms += [f"attributes.status = '{status}'"] if status else []
        where = " and ".join(terms)
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
