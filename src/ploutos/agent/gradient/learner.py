"""Updates of a `WeightActor` by gradients that flow through the ledger."""

from copy import deepcopy
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ploutos.agent.gradient.portfolios import Portfolios
from ploutos.agent.gradient.trading import trade
from ploutos.agent.gradient.views import Views
from ploutos.agent.gradient.weight_actor import WeightActor
from ploutos.agent.utility.base import Utility
from ploutos.env.torch_market import TorchMarket

BASIS_POINT = 1e-4
YOUNG = 10  # updates after which the average is allowed to look back about as far as there are updates


class Figures(NamedTuple):
    """What one update did; growth and turnover are means of its bars, the norm is that before clipping."""

    utility: Tensor
    growth: Tensor
    turnover: Tensor
    gradient_norm: Tensor


class Learner:
    """Actor, its moving average, optimiser and portfolios.

    Parameters
    ----------
    views : of the training window.
    turnover_penalty_bps : charged per unit of turnover on top of costs.
    max_grad_norm : gradients are shortened to it.
    average : decay of the averaged weights per update, [0, 1); they are what is kept as policy.
    """

    def __init__(
        self,
        actor: WeightActor,
        market: TorchMarket,
        portfolios: Portfolios,
        views: Views,
        utility: Utility,
        *,
        learning_rate: float,
        weight_decay: float,
        turnover_penalty_bps: float,
        max_grad_norm: float,
        average: float,
    ) -> None:
        self.actor = actor
        self.averaged = deepcopy(actor).requires_grad_(False)
        self.market = market
        self.portfolios = portfolios
        self.views = views
        self.utility = utility
        self.learning_rate = learning_rate
        self.penalty = turnover_penalty_bps * BASIS_POINT
        self.max_grad_norm = max_grad_norm
        self.average = average
        self.updates = 0
        self.parameters = list(actor.parameters())
        self.optimiser = torch.optim.AdamW(
            self.parameters, lr=learning_rate, weight_decay=weight_decay, fused=True
        )

    @property
    def steps_a_window(self) -> int:
        """Environment steps of one update."""
        return len(self.portfolios.row) * self.portfolios.window_bars

    @property
    def steps(self) -> int:
        """Environment steps done."""
        return self.updates * self.steps_a_window

    def update(self, factor: float) -> Figures:
        """Trade a window with all portfolios and improve the actor; `factor` multiplies the learning rate."""
        run, memory = trade(self.actor, self.market, self.portfolios, self.views)
        growth = run.log_growth - self.penalty * run.turnover if self.penalty else run.log_growth
        value, record = self.utility(growth, self.portfolios.record)
        self.optimiser.zero_grad()
        torch.autograd.backward(-value)
        norm = nn.utils.clip_grad_norm_(self.parameters, self.max_grad_norm)
        for group in self.optimiser.param_groups:
            group["lr"] = self.learning_rate * factor
        self.optimiser.step()
        self.updates += 1
        self._follow()
        self.portfolios.carry(run.ledger, memory, record)
        told = (value, run.log_growth.mean(), run.turnover.mean(), norm)
        return Figures(*(figure.detach() for figure in told))

    def state(self) -> dict[str, Any]:
        """Return everything to go on from, plain enough for a checkpoint."""
        return {
            "actor": self.actor.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "updates": self.updates,
            "portfolios": self.portfolios.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        self.actor.load_state_dict(state["actor"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.updates = int(state["updates"])
        self.portfolios.restore(state["portfolios"])

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the averaged weights towards the present ones."""
        decay = min(self.average, self.updates / (self.updates + YOUNG)) if self.average else 0.0
        pairs = zip(self.averaged.parameters(), self.parameters, strict=True)
        for mean, now in pairs:
            mean.lerp_(now, 1.0 - decay)
