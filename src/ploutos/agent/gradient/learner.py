"""Updates of one or more actors by gradients that flow through the ledger."""

from copy import deepcopy
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils import get_total_norm

from ploutos.agent.gradient.trading import Deciding, Playing, trade
from ploutos.agent.gradient.views import Views
from ploutos.agent.utility.base import Utility
from ploutos.env.torch_market import TorchMarket

BASIS_POINT = 1e-4
TINY = 1e-6  # as in `clip_grad_norm_`
YOUNG = 10  # updates after which the average is allowed to look back about as far as there are updates


class Figures(NamedTuple):
    """What one update did to each of S seeds [S], or to one of them [].

    Growth and turnover are means of its bars, the norm is that before clipping.
    """

    utility: Tensor
    growth: Tensor
    turnover: Tensor
    gradient_norm: Tensor

    def of(self, seed: int) -> "Figures":
        """Return the figures of one seed."""
        return Figures(*(figure[seed] for figure in self))


class Learner:
    """Actor, its moving average, optimiser and portfolios.

    A stack of S actors with its portfolios learns as S learners would: each has a utility, a gradient that is
    shortened and an average of its own, and the optimiser's arithmetic is one number's own anyway.

    Parameters
    ----------
    actor : with untrained weights; the averaged ones replace them in `networks`.
    market : on which windows of bars are traded.
    portfolios : on it, each at its own row.
    views : of the training window.
    utility : of log returns, maximised.
    learning_rate : of AdamW before the schedule's factor; weight_decay : of weights, not of biases.
    turnover_penalty_bps : charged per unit of turnover on top of costs.
    max_grad_norm : gradients are shortened to it.
    average : decay of the averaged weights per update, [0, 1); they are what is kept as policy.
    """

    def __init__(
        self,
        actor: Deciding,
        market: TorchMarket,
        portfolios: Playing,
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
        self.networks = self.averaged.actors()
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
        self.optimiser = torch.optim.AdamW(self._groups(weight_decay), lr=learning_rate, fused=True)

    @property
    def steps_a_window(self) -> int:
        """Environment steps of one update, for each seed."""
        return len(self.portfolios.row) // len(self.networks) * self.portfolios.window_bars

    @property
    def steps(self) -> int:
        """Environment steps done, for each seed."""
        return self.updates * self.steps_a_window

    def update(self, factor: float) -> Figures:
        """Trade a window with all portfolios and improve the actor; `factor` multiplies the learning rate."""
        run, memory = trade(self.actor, self.market, self.portfolios, self.views)
        growth = run.log_growth - self.penalty * run.turnover if self.penalty else run.log_growth
        value, record = self._judge(growth)
        self.optimiser.zero_grad()
        torch.autograd.backward(-value.sum())
        norm = self._shorten()
        for group in self.optimiser.param_groups:
            group["lr"] = self.learning_rate * factor
        self.optimiser.step()
        self.updates += 1
        self._follow()
        self.portfolios.carry(run.ledger, memory, record)
        means = (self._apart(run.log_growth).mean((0, 2)), self._apart(run.turnover).mean((0, 2)))
        return Figures(*(figure.detach() for figure in (value, *means, norm)))

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

    def _groups(self, weight_decay: float) -> list[dict[str, Any]]:
        """Return the weights, which decay, and the biases, which do not: a memory's spans are among them."""
        alone = [weight.dim() > 1 for weight in self.networks[0].parameters()]
        pairs = list(zip(self.parameters, alone, strict=True))
        return [
            {"params": [own for own, decays in pairs if decays], "weight_decay": weight_decay},
            {"params": [own for own, decays in pairs if not decays], "weight_decay": 0.0},
        ]

    def _apart(self, bars: Tensor) -> Tensor:
        """Return [K, B] of all portfolios as [K, S, B / S]."""
        return bars.reshape(len(bars), len(self.networks), -1)

    def _judge(self, growth: Tensor) -> tuple[Tensor, Tensor]:
        """Return the utility of each seed [S] for the growth [K, B] of all, and the records after."""
        records = self.portfolios.record.chunk(len(self.networks))
        judged = map(self.utility, self._apart(growth).unbind(1), records)
        values, after = zip(*judged, strict=True)
        return torch.stack(values), torch.cat(after)

    def _shorten(self) -> Tensor:
        """Shorten the gradient of each seed by itself; return how long they were [S]."""
        norms = []
        for gradients in self.actor.gradients():
            norm = get_total_norm(gradients)
            # One call on a GPU, as in `clip_grad_norm_`, which takes no views of gradients.
            torch._foreach_mul_(gradients, (self.max_grad_norm / (norm + TINY)).clamp(max=1.0))
            norms.append(norm)
        return torch.stack(norms)

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the averaged weights towards the present ones."""
        decay = min(self.average, self.updates / (self.updates + YOUNG)) if self.average else 0.0
        pairs = zip(self.averaged.parameters(), self.parameters, strict=True)
        for mean, now in pairs:
            mean.lerp_(now, 1.0 - decay)
