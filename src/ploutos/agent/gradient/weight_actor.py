"""A network that decides in weights: aim, rate and band of every asset."""

import math
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from ploutos.agent.gradient.decision import Plan, aims, step_towards
from ploutos.agent.gradient.settings import DecisionSettings
from ploutos.agent.gradient.views import Views
from ploutos.agent.network.actor import Actor
from ploutos.agent.network.base import Network, PortfolioState, Seen
from ploutos.agent.network.head import ACCOUNT_INPUTS, POSITION_INPUTS, asset_inputs
from ploutos.agent.network.layers import start_small
from ploutos.agent.oracle_family import Allowed
from ploutos.env.layout import Layout
from ploutos.features.scaler import RobustScaler

LONG_AT_FIRST = 1.0  # first logit where short sales are allowed: a long portfolio, as without them


class Prepared(NamedTuple):
    """The market's part of decisions: hidden layer [..., N, W], logit of cash [...], member [..., N]."""

    hidden: Tensor
    cash: Tensor
    member: Tensor


class WeightActor(Actor):
    """Perception -> hidden layer of each asset -> logit, rate and band; context -> logit of cash.

    Untrained, it moves slowly to equal weights. Without `sees_portfolio` all but the way from the present
    weight to the aim is known before the portfolio is, so it is computed for whole sequences.

    Parameters
    ----------
    network : variant of `agent/network`.
    layout : of the observations; scaler : fitted on the training window.
    allowed : leverage, and whether short sales are.
    """

    first: Tensor

    def __init__(
        self,
        network: Network,
        layout: Layout,
        scaler: RobustScaler,
        allowed: Allowed,
        decision: DecisionSettings,
    ) -> None:
        super().__init__()
        self.allowed = allowed
        self.decision = decision
        self.perception = network.perception(layout, scaler)
        width, context = network.head_width, self.perception.context_width
        self.from_asset = nn.Linear(self.perception.asset_width, width)
        self.from_context = nn.Linear(context, width, bias=False)
        self.gate = nn.Linear(context, width)
        inputs = POSITION_INPUTS + ACCOUNT_INPUTS
        self.from_portfolio = nn.Linear(inputs, width, bias=False) if decision.sees_portfolio else None
        self.out = nn.Linear(width, 3)
        self.cash = nn.Linear(context, 1)
        start_small(self.out)
        start_small(self.cash)
        logit = LONG_AT_FIRST if allowed.short else 0.0
        odds = decision.initial_rate / (1.0 - decision.initial_rate)
        band = decision.initial_band  # of softplus the inverse, which does not overflow
        first = [logit, math.log(odds), band + math.log(-math.expm1(-band))]
        self.register_buffer("first", torch.tensor(first), persistent=False)

    @property
    def sees_portfolio(self) -> bool:
        """Whether `plan` needs to know what is held."""
        return self.from_portfolio is not None

    @property
    def asset_width(self) -> int:
        """Numbers that the perception keeps of an asset."""
        return self.perception.asset_width

    def actors(self) -> list["WeightActor"]:
        """Return itself; a stack has many."""
        return [self]

    def gradients(self) -> list[list[Tensor]]:
        """Return the gradients of its weights, as those of the only actor."""
        return [[weight.grad for weight in self.parameters() if weight.grad is not None]]

    def look(self, shown: Views, starts: Tensor, memory: Tensor) -> tuple[Prepared, Tensor]:
        """Return the market's part of the decisions on bars [T, B, ...], and the memory [B, S] after them.

        `starts` [T, B] is 1 where an episode starts.
        """
        seen, memory = self.perception(shown.features, shown.member, shown.macro, starts, memory)
        return self.prepare(seen), memory

    def prepare(self, seen: Seen) -> Prepared:
        """Return the market's part. The context also scales the asset's, so that it can turn its sense."""
        context = self.from_context(seen.context).unsqueeze(-2)
        gate = 1.0 + self.gate(seen.context).unsqueeze(-2)
        hidden = torch.addcmul(context, self.from_asset(seen.assets), gate)
        return Prepared(hidden, self.cash(seen.context).squeeze(-1), seen.member)

    def plan(self, prepared: Prepared, portfolio: PortfolioState | None) -> Plan:
        """Return what is wanted; `portfolio` may be None where it is not seen."""
        hidden, cash, member = prepared
        if self.from_portfolio is not None:
            assert portfolio is not None
            hidden = hidden + self.from_portfolio(asset_inputs(portfolio, member, self.perception.clip))
        logit, rate, band = (self.out(nnf.silu(hidden)) + self.first).unbind(-1)
        members = member.sum(-1, keepdim=True).clamp(min=1.0)
        return Plan(
            aim=aims(logit, cash, member, self.allowed),
            rate=torch.sigmoid(rate),
            band=nnf.softplus(band) / members,
            outside=member == 0,
        )

    def decide(self, seen: Seen, portfolio: PortfolioState) -> tuple[Tensor, Tensor]:
        """Return target weights [B, N], NaN = hold; all are equally sure."""
        plan = self.plan(self.prepare(seen), portfolio)
        return step_towards(plan, portfolio.weight), torch.ones_like(seen.member)

    def target_weights(
        self, layout: Layout, observation: npt.NDArray[np.float32], value: npt.NDArray[Any]
    ) -> npt.NDArray[np.float64]:
        """Return `value` in the ledger's precision: it is target weights already."""
        return value.astype(np.float64)

    def describe(self) -> dict[str, Any]:
        """Return the decision's settings and what the environment allows."""
        return {"kind": "weights"} | asdict(self.decision) | asdict(self.allowed)
