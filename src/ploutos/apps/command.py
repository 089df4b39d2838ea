"""What the verbs share: compose, prepare before anything is written, run, end in an exit code."""

import signal
from collections.abc import Callable
from typing import TypeVar

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from ploutos.apps import before_run
from ploutos.apps.conf_dir import conf_dir
from ploutos.apps.errors import explain
from ploutos.apps.interrupts import interrupts, say
from ploutos.apps.safety import resolvers
from ploutos.apps.safety.machinery import MACHINERY

T = TypeVar("T")


def command(
    verb: str,
    prepare: Callable[[DictConfig], T],
    body: Callable[[DictConfig, T], float],
    *,
    remedy: str = "",
    settle: Callable[[], None] | None = None,
) -> int:
    """Run `body` on the config of `verb` and what `prepare` made of it; return the exit code.

    `prepare` checks everything that can be checked without writing; what it raises leaves no trace. `body`
    returns the objective, or raises SystemExit with a code of its own. After a signal, `settle` records what
    was under way and the `remedy` is told.
    """
    prepared: list[T] = []
    failed: list[Exception] = []
    before_run.check = lambda config: prepared.append(prepare(config))
    before_run.check_job = prepare

    @hydra.main(config_path=str(conf_dir()), config_name=verb, execution_whitelist=MACHINERY)
    def entry(config: DictConfig) -> float:
        resolvers.restrict()  # a launcher may have started this process
        try:
            return body(config, prepared.pop() if prepared else prepare(config))
        except Exception as error:
            if HydraConfig.get().mode == RunMode.MULTIRUN:
                raise
            failed.append(error)  # raised through Hydra, it would print lines of its own
            return float("nan")

    try:
        entry()
    except KeyboardInterrupt:
        interrupts.note(signal.SIGINT)  # where a library raised it by itself
        say(interrupts.reason() + (f"; {remedy}" if remedy else ""))
        if settle is not None:
            settle()
        return interrupts.code
    except Exception as error:
        return explain(error)
    finally:
        before_run.over()
    return explain(failed[0]) if failed else 0
