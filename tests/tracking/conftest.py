"""One real MLflow store for all tests: making one takes seconds."""

import pytest

from ploutos.tracking.mlflow import Mlflow


@pytest.fixture(scope="session")
def tracking(tmp_path_factory):
    return Mlflow(
        folder=str(tmp_path_factory.mktemp("store") / "mlruns"), experiment="tests", busy_timeout_seconds=60.0
    )


@pytest.fixture(scope="session")
def store(tracking):
    return tracking.open()
