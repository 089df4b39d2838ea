"""Policies: fitted on the training window, and actions that the market after them cannot change."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.agent.base import Agent
from ploutos.audit.fitted import Numbers, compare_fitted, saved_numbers
from ploutos.audit.panels import panel_after, panel_outside
from ploutos.audit.perturb import KINDS
from ploutos.audit.report import Section
from ploutos.audit.tally import Tally
from ploutos.env.market import Market
from ploutos.env.portfolio import Portfolio
from ploutos.execution.ledger import Ledger
from ploutos.panel.panel import Panel
from ploutos.types import Policy
from ploutos.types.monitor import Silent

BATCH = 4  # portfolios, of different capital; one batch shape throughout
STEPS = 24  # decisions up to each cut

Seen = dict[str, npt.NDArray[Any]]


class PolicyAudit:
    """Makes policies of one agent on altered markets and compares what they hold and do.

    Parameters
    ----------
    market_of : the market that the agent is shown of a panel, regime columns included.
    """

    def __init__(
        self,
        *,
        agent: Agent,
        environment: Portfolio,
        panel: Panel,
        train: slice,
        market_of: Callable[[Panel], Market] = Market.of,
        seed: int,
    ) -> None:
        self.agent = agent
        self.environment = environment
        self.panel = panel
        self.train = train
        self.market_of = market_of
        self.seed = seed
        self.begun = time.perf_counter()
        self.market = market_of(panel)
        self.policy = self._fit(self.market)

    def sections(self, cuts: Sequence[int]) -> list[Section]:
        """Return the audits of the scaler, of all else that is fitted, and of the actions up to `cuts`."""
        fit, scaler = Tally("policy", begun=self.begun), Tally("scaler")  # one fit for both
        base = saved_numbers(self.policy)
        for kind in KINDS:
            other = fit.attempt(kind, self._fit_on, panel_outside(self.panel, self.train, kind, self.seed))
            if other is not None:
                found = saved_numbers(other)
                for tally, wanted in ((scaler, True), (fit, False)):
                    compare_fitted(tally, _part(base, wanted), _part(found, wanted), kind)
        found_scaler, found_fit, act = scaler.section(), fit.section(), Tally("action")
        for place, cut in enumerate(cuts):
            self._actions(act, cut, refit=place == 0)
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

    def _fit(self, market: Market) -> Policy:
        return self.agent.fit(self.environment, market, self.train, seed=self.seed, monitor=Silent())

    def _fit_on(self, panel: Panel) -> Policy:
        return self._fit(self.market_of(panel))

    def _act(self, policy: Policy, market: Market, rows: slice) -> Seen:
        """Return what is seen, said and meant at each of `rows`, [rows, B, ...]; nothing later is touched."""
        ledger = Ledger.open(BATCH, market.assets, self.environment.initial_capital)
        simulator = self.environment.simulator(
            market, ledger=ledger, scenario=np.zeros(BATCH, np.int64), row=np.full(BATCH, rows.start)
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


def _part(numbers: Numbers, scaler: bool) -> Numbers:
    return {name: value for name, value in numbers.items() if ("scaler" in name.split(".")) == scaler}
