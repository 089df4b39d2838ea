"""Actors of several seeds as one module, every weight of theirs in one tensor."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from ploutos.agent.gradient.decision import Plan
from ploutos.agent.gradient.views import Views
from ploutos.agent.gradient.weight_actor import Prepared, WeightActor
from ploutos.agent.network.base import PortfolioState

Weights = dict[str, Tensor]


class StackedActor(nn.Module):
    """S actors of one kind; the portfolios they decide for stand side by side, each actor's B in a row.

    `torch.func.vmap` knows no fused LSTM, whose plan of cells depends on the data besides, and no fused
    attention: such perceptions look one after another in any case.

    Parameters
    ----------
    actors : of the same settings, on one device; their weights are copied. Buffers must be equal.
    at_once : whether what `vmap` can run is run once for all, which saves calls, or in turn: on a CPU batched
        products of matrices take longer than one after another.
    """

    def __init__(self, actors: Sequence[WeightActor], *, at_once: bool) -> None:
        super().__init__()
        weights, _ = stack_module_state(list(actors))
        self.names = list(weights)
        self.weights = nn.ParameterList(weights.values())
        # In a tuple, so that its own weights, which nobody reads, are no weights of this module.
        self._one = (deepcopy(actors[0]).requires_grad_(False),)
        self.sees_portfolio = actors[0].sees_portfolio
        self.asset_width = actors[0].asset_width
        self.at_once = at_once

    @property
    def count(self) -> int:
        """S."""
        return len(self.weights[0])

    def actors(self) -> list[WeightActor]:
        """Return actors whose weights are views of these: what is written to one is written to both."""
        apart = [deepcopy(self._one[0]) for _ in range(self.count)]
        for seed, actor in enumerate(apart):
            for weight, stacked in zip(actor.parameters(), self.weights, strict=True):
                weight.data = stacked.data[seed]
        return apart

    def gradients(self) -> list[list[Tensor]]:
        """Return views of the gradients of each actor's weights."""
        stacked = [weight.grad for weight in self.weights if weight.grad is not None]
        return [[gradient[seed] for gradient in stacked] for seed in range(self.count)]

    def look(self, shown: Views, starts: Tensor, memory: Tensor) -> tuple[Prepared, Tensor]:
        """Return what `WeightActor.look` does of bars [T, S B, ...], as [T, S, B, ...]; memory [S B, ...]."""
        bars = [self._apart(part, 1) for part in (shown.features, shown.member, shown.macro, starts)]
        kept = self._apart(memory, 0)
        if self.at_once and self._one[0].perception.under_vmap:
            look: Any = vmap(self._look, (0, 1, 1, 1, 1, 0), (1, 0))
            prepared, after = look(self._weights(), *bars, kept)
        else:
            each = zip(self._each(), *(part.unbind(1) for part in bars), kept, strict=True)
            looks = [self._look(*given) for given in each]
            prepared = Prepared(*_stacked([own for own, _ in looks], 1))
            after = torch.stack([own for _, own in looks])
        return prepared, after.flatten(0, 1)

    def plan(self, prepared: Prepared, portfolio: PortfolioState | None) -> Plan:
        """Return plans [..., S B, N] from what is [..., S, B, ...]; see `WeightActor.plan`."""
        lead = prepared.cash.dim() - 2
        held = () if portfolio is None else tuple(self._apart(x, 0) for x in vars(portfolio).values())
        if self.at_once:
            plan: Plan = vmap(self._plan, (0, lead, *(0 for _ in held)), lead)(
                self._weights(), prepared, *held
            )
        else:
            seen = map(Prepared, *(field.unbind(lead) for field in prepared))
            each = zip(self._each(), seen, *(field.unbind() for field in held), strict=True)
            plan = Plan(*_stacked([self._plan(*given) for given in each], lead))
        return Plan(*(field.flatten(lead, lead + 1) for field in plan))

    def _look(
        self,
        weights: Weights,
        features: Tensor,
        member: Tensor,
        macro: Tensor,
        starts: Tensor,
        memory: Tensor,
    ) -> tuple[Prepared, Tensor]:
        given = (Views(0, features, member, macro), starts, memory)
        looked: tuple[Prepared, Tensor] = self._call("look", weights, *given)
        return looked

    def _plan(self, weights: Weights, prepared: Prepared, *held: Tensor) -> Plan:
        plan: Plan = self._call("plan", weights, prepared, PortfolioState(*held) if held else None)
        return plan

    def _call(self, method: str, weights: Weights, *given: Any) -> Any:
        """Call a method of the actor with these weights."""
        named = {f"actor.{name}": weight for name, weight in weights.items()}
        return functional_call(_Method(self._one[0], method), named, given)

    def _weights(self) -> Weights:
        return dict(zip(self.names, self.weights, strict=True))

    def _each(self) -> list[Weights]:
        """Return the weights of each actor; their gradients come back in one piece."""
        apart = zip(*(weight.unbind() for weight in self.weights), strict=True)
        return [dict(zip(self.names, own, strict=True)) for own in apart]

    def _apart(self, together: Tensor, dim: int) -> Tensor:
        """Return S B portfolios along `dim` as S x B."""
        before, after = together.shape[:dim], together.shape[dim + 1 :]
        return together.reshape(*before, self.count, together.shape[dim] // self.count, *after)


def _stacked(each: Sequence[tuple[Tensor, ...]], dim: int) -> list[Tensor]:
    """Return the fields of all along a new dimension."""
    return [torch.stack(field, dim) for field in zip(*each, strict=True)]


class _Method(nn.Module):
    """A method of an actor as a module of its own: `functional_call` calls modules."""

    def __init__(self, actor: WeightActor, name: str) -> None:
        super().__init__()
        self.actor = actor
        self.name = name

    def forward(self, *given: Any) -> Any:
        return getattr(self.actor, self.name)(*given)
