"""Trainings of several seeds that go on in step, under one checkpoint."""

from collections.abc import Callable, Sequence

from ploutos.agent.training.training_run import TrainingRun
from ploutos.types import Policy
from ploutos.types.checkpoints import Checkpoints, State


class TrainingGroup:
    """Runs that are trained together, or one alone; a run that has stopped waits for the others.

    Its best weights are kept; what happens to its network until all have stopped does not count.

    Parameters
    ----------
    runs : one a seed; `checkpoints` is that of all, theirs is not used.

    Attributes
    ----------
    going : for each run, whether it is still trained.
    """

    def __init__(self, runs: Sequence[TrainingRun], checkpoints: Checkpoints) -> None:
        self.runs = list(runs)
        self.checkpoints = checkpoints
        self.going = [True] * len(self.runs)

    def resume(self) -> State | None:
        """Return the trainer's state to go on from, None where there is none."""
        kept = self.checkpoints.load()
        if kept is not None:
            self.going = [bool(going) for going in kept["going"]]
        for index, run in enumerate(self.runs):
            run.restore(None if kept is None else kept["runs"][index])
        return None if kept is None else kept["trainer"]

    def boundary(
        self, done: int, *, state: Callable[[], State], policies: Sequence[Callable[[], Policy]]
    ) -> bool:
        """Look after all runs that are going, as `TrainingRun.boundary`; return whether to go on."""
        for index, (run, policy) in enumerate(zip(self.runs, policies, strict=True)):
            if self.going[index]:
                self.going[index] = run.advance(done, policy)
        if any(self.going) and self.checkpoints.due():
            own = [run.state() for run in self.runs]
            self.checkpoints.save({"going": self.going, "runs": own, "trainer": state()})
        return any(self.going)

    def finish(self) -> None:
        """Put the best weights of each run into its network and tell how it ended."""
        for run in self.runs:
            run.finish()
