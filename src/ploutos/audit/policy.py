"""Policies: fitted on the training window, and actions that the market after them cannot change."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.agent.base import Agent
from ploutos.audit.fitted import Numbers, compare_fitted, same, saved_numbers
from ploutos.audit.panels import panel_after, panel_outside
from ploutos.audit.perturb import KINDS
from ploutos.audit.report import Section
from ploutos.audit.tally import Tally, differs
from ploutos.env.market import Market
from ploutos.env.portfolio import Portfolio
from ploutos.execution.ledger import Ledger
from ploutos.panel.panel import Panel
from ploutos.types import Policy
from ploutos.types.checkpoints import NO_CHECKPOINTS
from ploutos.types.monitor import Silent

BATCH = 4  # portfolios; one batch shape throughout
APART = 5  # rows between portfolios whose company is tried
NEIGHBOURS = "what one portfolio does depends on the others in the batch, which live would not have"
STEPS = 24  # decisions up to each cut
NO_ROWS = slice(0, 0)

Seen = dict[str, npt.NDArray[Any]]


class PolicyAudit:
    """Makes policies of one agent on altered markets and compares what they hold and do.

    Parameters
    ----------
    validation : what an agent that needs it chooses its policy on; for others it lies outside of training.
    market_of : the market that the agent is shown of a panel, regime columns included.
    """

    def __init__(
        self,
        *,
        agent: Agent,
        environment: Portfolio,
        panel: Panel,
        train: slice,
        validation: slice = NO_ROWS,
        market_of: Callable[[Panel], Market] = Market.of,
        seed: int,
    ) -> None:
        self.agent = agent
        self.environment = environment
        self.panel = panel
        self.train = train
        self.validation = validation if agent.needs_validation else NO_ROWS
        self.market_of = market_of
        self.seed = seed
        self.begun = time.perf_counter()
        self.market = market_of(panel)
        self.policy = self._fit(self.market)

    def sections(self, cuts: Sequence[int]) -> list[Section]:
        """Return the audits of the scaler, of all else that is fitted, and of the actions up to `cuts`."""
        fit, scaler = Tally("policy", begun=self.begun), Tally("scaler")  # one fit for both
        base = saved_numbers(self.policy)
        twin = saved_numbers(self._fit(self.market))
        unstable = {name for name in base.keys() | twin.keys() if not same(base.get(name), twin.get(name))}
        if unstable:
            some = ", ".join(sorted(unstable)[:3])
            fit.notes.append(f"two equal fits differ in {len(unstable)} saved values, not compared: {some}")
        known = slice(self.train.start, max(self.train.stop, self.validation.stop))
        ends = int(self.panel.ts[known.start]), int(self.panel.ts[known.stop - 1])
        for kind in KINDS:
            policy = fit.attempt(kind, self._fit_on, panel_outside(self.panel, known, kind, self.seed))
            if policy is not None:
                found = saved_numbers(policy)
                for tally, wanted in ((scaler, True), (fit, False)):
                    one, other = (_part(numbers, wanted, unstable) for numbers in (base, found))
                    compare_fitted(tally, one, other, kind, ends)
        found_scaler, found_fit, act = scaler.section(), fit.section(), Tally("action")
        if cuts:
            self._neighbours(act, cuts[0])
        for place, cut in enumerate(cuts):
            self._actions(act, cut, refit=place == 0 and not unstable)
        return [found_scaler, found_fit, act.section()]

    def _actions(self, tally: Tally, cut: int, *, refit: bool) -> None:
        """Compare observations and actions up to `cut`; with `refit`, also of policies made on that market.

        A policy may keep the market that it was made on: one that looks ahead in it is found by `refit`.
        """
        rows = slice(max(cut - STEPS + 1, 1), cut + 1)
        ts, last = self.panel.ts[rows], rows.stop - rows.start - 1
        base = self._act(self.policy, self.market, rows)
        for kind in KINDS:
            market = self.market_of(panel_after(self.panel, cut, kind, self.seed))
            policy = tally.attempt(kind, self._fit, market) if refit else self.policy
            if policy is None:
                continue
            found = tally.attempt(kind, self._act, policy, market, rows)
            for name in base if found is not None else ():
                tally.compare([name], base[name][..., None], found[name][..., None], ts, last, kind)

    def _neighbours(self, tally: Tally, cut: int) -> None:
        """Note what of the first portfolio differs when it is computed again, and beside other ones."""
        rows = slice(max(cut - STEPS + 1, 1), cut + 1)
        base = self._act(self.policy, self.market, rows)
        again = self._act(self.policy, self.market, rows)
        beside = self._act(self.policy, self.market, rows, apart=APART)
        for name, values in base.items():
            tally.repeat([name], values[..., None], again[name][..., None])
            if np.any(differs(values[:, :1], beside[name][:, :1])):
                tally.add(name, None, "neighbours", NEIGHBOURS)

    def _fit(self, market: Market) -> Policy:
        self.agent.check(self.environment, market)  # where an agent may have looked before
        return self.agent.fit(
            self.environment,
            market,
            self.train,
            validation=self.validation,
            seed=self.seed,
            monitor=Silent(),
            checkpoints=NO_CHECKPOINTS,
        )

    def _fit_on(self, panel: Panel) -> Policy:
        return self._fit(self.market_of(panel))

    def _act(self, policy: Policy, market: Market, rows: slice, apart: int = 0) -> Seen:
        """Return what is seen, said and meant at each of `rows`, [rows, B, ...]; nothing later is touched.

        Each portfolio begins `apart` rows before the one that stands in front of it.
        """
        begin = np.maximum(rows.start - apart * np.arange(BATCH), 1)
        ledger = Ledger.open(BATCH, market.assets, self.environment.initial_capital)
        simulator = self.environment.simulator(
            market, ledger=ledger, scenario=np.zeros(BATCH, np.int64), row=begin
        )
        observation = simulator.observe(np.zeros((BATCH, simulator.layout.size), np.float32))
        state = policy.reset(BATCH)
        kept: dict[str, list[npt.NDArray[Any]]] = {
            "observation": [],
            "action": [],
            "target_weights": [],
            "confidence": [],
        }
        for row in range(rows.start, rows.stop):
            kept["observation"].append(observation.copy())
            action = policy.act(observation, state)
            state = action.state
            for name, value in (
                ("action", action.value),
                ("target_weights", action.target_weights),
                ("confidence", action.confidence),
            ):
                kept[name].append(np.array(value))
            if row + 1 < rows.stop:
                simulator.step(action.target_weights, observation)
        simulator.close()
        return {name: np.stack(values) for name, values in kept.items()}


def _part(numbers: Numbers, scaler: bool, without: set[str]) -> Numbers:
    return {
        name: value
        for name, value in numbers.items()
        if ("scaler" in name.split(".")) == scaler and name not in without
    }
