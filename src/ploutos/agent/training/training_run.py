"""What happens between two updates of a network, whatever the algorithm."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from ploutos.agent.stopping.watch import Watch
from ploutos.agent.training.divergence import require_finite_weights
from ploutos.types import Policy
from ploutos.types.checkpoints import Checkpoints, State
from ploutos.types.monitor import Monitor

if TYPE_CHECKING:
    from torch import Tensor, nn


class TrainingRun:
    """One training: it reports progress, keeps checkpoints and the best weights, and says when to stop.

    A trainer calls `resume` once, `boundary` where its whole state can be written down, `finish` at the end.

    Parameters
    ----------
    total_steps : environment steps after which the training is over.
    network : what is trained; its weights are what is kept as best.
    watch : judges policies in training (`Stopping.watch`); None: the last weights are the result.
    """

    def __init__(
        self,
        *,
        total_steps: int,
        network: "nn.Module",
        monitor: Monitor,
        checkpoints: Checkpoints,
        watch: Watch | None,
    ) -> None:
        self.total_steps = total_steps
        self.network = network
        self.monitor = monitor
        self.checkpoints = checkpoints
        self.watch = watch
        self.done = 0
        self._best: dict[str, Tensor] | None = None

    def resume(self) -> State | None:
        """Return the trainer's state to go on from, None where there is none; `done` tells its step."""
        kept = self.checkpoints.load()
        self.restore(kept)
        return None if kept is None else kept["trainer"]

    def boundary(self, done: int, *, state: Callable[[], State], policy: Callable[[], Policy]) -> bool:
        """Look after everything at environment step `done`; return whether to go on.

        Calling it again at the same step does nothing more.

        Parameters
        ----------
        state : returns what the trainer needs to go on from here, see `Checkpoints.save`.
        policy : returns the deterministic policy of `network` as it is, without changing it.
        """
        going = self.advance(done, policy)
        if going and self.checkpoints.due():
            self.checkpoints.save({**self.state(), "trainer": state()})
        return going

    def advance(self, done: int, policy: Callable[[], Policy]) -> bool:
        """Do what `boundary` does but for the checkpoint.

        Raises
        ------
        TrainingDiverged
            A weight is not finite: neither a checkpoint nor a choice of the best is made of it.
        """
        require_finite_weights(done, self.network)
        self.done = done
        self._tell()
        ended = done >= self.total_steps
        if self.watch is not None:
            if self.watch.due(done, last=ended):
                self._look(self.watch, policy)
            ended = ended or self.watch.over()
        return not ended

    def state(self) -> State:
        """Return its own part of a checkpoint."""
        watched = None if self.watch is None else self.watch.state()
        return {"done": self.done, "best": self._best, "watch": watched}

    def restore(self, kept: State | None) -> None:
        """Go on from what `state` returned, or begin; tell where that is."""
        if kept is not None:
            self.done = int(kept["done"])
            self._best = kept["best"]
            if self.watch is not None:
                self.watch.restore(kept["watch"])
        self._tell()

    def finish(self) -> None:
        """Put the best weights into the network and tell how the training ended."""
        figures = {"steps": float(self.done)}
        if self.watch is not None and self._best is not None:
            self.network.load_state_dict(self._best)
            figures["best_step"] = float(self.watch.best_step)
            figures["best_value"] = self.watch.best_value
            figures["stopped_early"] = float(self.done < self.total_steps)
        self.monitor.outcome(figures)
        self.monitor.progress(self.done, self.done)

    def _tell(self) -> None:
        # All steps are done only when `finish` says so.
        self.monitor.progress(min(self.done, self.total_steps - 1), self.total_steps)

    def _look(self, watch: Watch, policy: Callable[[], Policy]) -> None:
        import torch

        # To build a policy may draw initial weights; the training that follows must not notice.
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            figures = watch.look(policy(), self.done)
        if watch.best_step == self.done:
            self._best = {n: t.detach().cpu().clone() for n, t in self.network.state_dict().items()}
        best = {"best_step": float(watch.best_step), f"best_{watch.figure}": watch.best_value}
        told = {f"validation/{name}": value for name, value in (figures | best).items()}
        self.monitor.curves(told, self.done)
