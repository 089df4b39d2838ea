"""Many portfolios behind Gymnasium's vector interface, stepped by one call of the kernel."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from gymnasium.error import ResetNeeded
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from ploutos.env.episode_batch import EpisodeBatch
from ploutos.env.layout import Layout
from ploutos.env.spaces import flat_space, require_actions
from ploutos.env.starts import chosen_start
from ploutos.types import ConfigError

Single = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


class TradingVectorEnv(VectorEnv):
    """The portfolios of as many `TradingEnv`s, number by number the same as in a `SyncVectorEnv` of them.

    A portfolio whose episode ends starts its next one in the same step: `final_obs` and `final_info` tell the
    end, the observation is the new start.

    Parameters
    ----------
    copy : False returns the environment's own two buffers in turn: an observation is overwritten two steps
        later, and writing into it changes what the next decision is read against.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": [], "autoreset_mode": AutoresetMode.SAME_STEP}

    def __init__(self, batch: EpisodeBatch, *, copy: bool) -> None:
        self.batch = batch
        self.copy = copy
        self.num_envs = batch.size
        self.single_observation_space = flat_space(self.layout)
        self.single_action_space = batch.action.space(self.layout.assets)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self._generators: list[np.random.Generator] = []
        self._seeds: list[int] = []

    @property
    def layout(self) -> Layout:
        """The names of the observation's columns."""
        return self.batch.simulator.layout

    @property
    def np_random(self) -> tuple[np.random.Generator, ...]:
        """The generator of each portfolio."""
        return tuple(self._generators)

    @property
    def np_random_seed(self) -> tuple[int, ...]:
        """What each generator was seeded with."""
        return tuple(self._seeds)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Single, dict[str, Any]]:
        """Start all episodes; return observations [B, D] and infos.

        `seed` is one for each portfolio, or an int for seed, seed + 1, ...; None goes on drawing. `options`
        are those of `TradingEnv.reset`, for all portfolios.
        """
        self._seed(seed)
        row = chosen_start(options, self.batch)
        rows = self._draw(range(self.num_envs)) if row is None else np.full(self.num_envs, row)
        self.batch.start(np.arange(self.num_envs), rows)
        return self._own(self.batch.observe()), self._infos()

    def step(self, actions: Any) -> tuple[Single, npt.NDArray[np.float64], Flags, Flags, dict[str, Any]]:
        """Trade one bar; return observations [B, D], rewards [B], terminations, truncations [B] and infos."""
        if not self._generators:
            raise ResetNeeded("no episode is running: call reset() first")
        batch = self.batch
        played = batch.step(require_actions(self.single_action_space, actions, self.num_envs))
        done = played.ruined | played.over
        ended: dict[str, Any] = {}
        if done.any():
            who = np.flatnonzero(done)
            last = np.full(self.num_envs, None, dtype=object)
            for index in who:
                last[index] = batch.seen[index].copy()
            figures = {name: value * done for name, value in batch.figures().items()}
            ended = {"final_obs": last, "final_info": _with_mask(figures, done)}
            batch.start(who, self._draw(who))
            batch.observe(who)
        infos = _with_mask(ended, done) | self._infos()
        return self._own(batch.seen), played.rewards, played.ruined, played.over & ~played.ruined, infos

    def render(self) -> None:
        """Return None: there are no render modes."""

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """Return an attribute of each portfolio, as the vector environments of Gymnasium do.

        Its spaces and its `spec` are those of the single environment.
        """
        if name in ("np_random", "np_random_seed"):  # each has its own
            own: tuple[Any, ...] = getattr(self, name)
            return own
        if name == "spec":
            return tuple(self._single_spec() for _ in range(self.num_envs))
        single = f"single_{name}" if name in ("observation_space", "action_space") else name
        return (getattr(self, single),) * self.num_envs

    def call(self, name: str) -> tuple[Any, ...]:
        """Return what `render` gives for each portfolio; other methods are for all at once."""
        if name != "render":
            raise AttributeError(f"'{name}' is not a method of a single portfolio; all are stepped together")
        return (None,) * self.num_envs

    def set_attr(self, name: str, values: Any) -> None:
        """Refuse: portfolios share one environment."""
        raise AttributeError(f"'{name}' belongs to all portfolios; set it on the environment itself")

    def _single_spec(self) -> Any:
        spec = deepcopy(self.spec)
        if spec is not None:
            for name in ("num_envs", "vectorization_mode", "copy"):
                spec.kwargs.pop(name, None)
        return spec

    def close_extras(self, **kwargs: Any) -> None:
        """Stop the threads that step it."""
        self.batch.simulator.close()

    def _seed(self, seed: int | Sequence[int | None] | None) -> None:
        if seed is None or isinstance(seed, int | np.integer):
            seed = [None if seed is None else int(seed) + index for index in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise ConfigError(f"reset seed: {len(seed)} seeds for {self.num_envs} portfolios")
        for index, one in enumerate(seed):
            if one is not None or index >= len(self._generators):
                generator, told = seeding.np_random(one)
                self._generators[index : index + 1] = [generator]
                self._seeds[index : index + 1] = [told]

    def _draw(self, who: Any) -> npt.NDArray[np.int64]:
        return np.array([self.batch.draw(self._generators[index]) for index in who], np.int64)

    def _own(self, observations: Single) -> Single:
        return observations.copy() if self.copy else observations

    def _infos(self) -> dict[str, Any]:
        return _with_mask(self.batch.figures(), np.ones(self.num_envs, np.bool_))


def _with_mask(values: dict[str, Any], who: Flags) -> dict[str, Any]:
    """Return infos as Gymnasium batches them: each value beside a mask of the portfolios that have it."""
    return {key: value for name in values for key, value in ((name, values[name]), (f"_{name}", who.copy()))}
