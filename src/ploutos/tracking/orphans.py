"""Runs whose process has ended without closing them."""

from collections.abc import Callable
from typing import Any

from ploutos.tracking.controller import Controller
from ploutos.tracking.mlflow import CONTROLLER, Store
from ploutos.tracking.run import Run

ENDED = "its process ended without a word"


def settle(store: Store, *, reason: str = ENDED, ours: Callable[[Any], bool] | None = None) -> list[str]:
    """Mark as KILLED what is RUNNING though its controller is gone; return the ids.

    `ours`: says of which runs the caller knows that nobody runs them, whatever became of their controller;
    they get the `reason`. A run that does not say who launched it is left alone.
    """
    settled = []
    for run in store.find({}, status="RUNNING"):
        known = ours is not None and ours(run)
        if not known and not _is_orphan(run):
            continue
        # Again: since the search, a new launch may have continued it.
        now = store.get(run.info.run_id)
        if now.info.status != "RUNNING" or (not known and not _is_orphan(now)):
            continue
        Run(store.client, run.info.run_id).finish("KILLED", reason if known else ENDED)
        settled.append(str(run.info.run_id))
    return settled


def _is_orphan(run: Any) -> bool:
    controller = Controller.from_text(run.data.tags.get(CONTROLLER))
    return controller is not None and controller.is_gone()
