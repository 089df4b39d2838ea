"""Runs that their process left RUNNING."""

from dataclasses import replace

from ploutos.tracking.controller import Controller
from ploutos.tracking.mlflow import CONTROLLER, PARENT, Mlflow, Store
from ploutos.tracking.orphans import ENDED, settle

HERE = Controller.here()
GONE = replace(HERE, pid=2**22 + 1)  # above the largest number of a process
AGAIN = replace(HERE, started="1")  # its number was given to this process


def states(store: Store, ids: dict[str, str]) -> dict[str, tuple[str, str | None]]:
    runs = {name: store.get(run_id) for name, run_id in ids.items()}
    return {name: (run.info.status, run.data.tags.get("ploutos.reason")) for name, run in runs.items()}


def launched(store: Store, name: str, controller: Controller | None, **tags: str) -> str:
    told = {} if controller is None else {CONTROLLER: controller.as_text()}
    return store.start(name, told | tags).run_id


def test_what_nobody_runs_any_more_is_killed_and_nothing_else(tracking: Mlflow, store: Store) -> None:
    elsewhere = replace(GONE, host="elsewhere")
    kept = {"here": HERE, "gone": GONE, "given again": AGAIN, "elsewhere": elsewhere, "unsaid": None}
    ids = {name: launched(store, name, controller) for name, controller in kept.items()}
    ended = launched(store, "ended", GONE)
    store.resume(ended, GONE).finish("FINISHED", "well")
    assert set(settle(store)) == {ids["gone"], ids["given again"]}
    assert states(store, ids) == {
        "here": ("RUNNING", None),
        "gone": ("KILLED", ENDED),
        "given again": ("KILLED", ENDED),
        "elsewhere": ("RUNNING", None),
        "unsaid": ("RUNNING", None),
    }
    assert states(store, {"ended": ended}) == {"ended": ("FINISHED", "well")}
    assert settle(store) == []


def test_what_the_caller_knows_to_be_over_gets_its_reason(tracking: Mlflow, store: Store) -> None:
    ids = {
        "ours": launched(store, "ours", replace(HERE, host="elsewhere"), **{PARENT: "p1"}),
        "another's": launched(store, "another's", HERE, **{PARENT: "p2"}),
    }
    settle(store, reason="interrupted by SIGTERM", ours=lambda run: run.data.tags.get(PARENT) == "p1")
    assert states(store, ids) == {
        "ours": ("KILLED", "interrupted by SIGTERM"),
        "another's": ("RUNNING", None),
    }


def test_a_run_that_is_continued_belongs_to_who_continues_it(tracking: Mlflow, store: Store) -> None:
    run_id = launched(store, "again", GONE)
    settle(store)
    store.resume(run_id, HERE)
    assert settle(store) == [] and store.get(run_id).info.status == "RUNNING"
