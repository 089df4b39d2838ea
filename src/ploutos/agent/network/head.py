"""Decides from what was perceived and what the portfolio holds; light enough to run bar by bar."""

import torch
import torch.nn.functional as nnf
from torch import nn

from ploutos.agent.network.base import Perception, PortfolioState, Seen
from ploutos.agent.network.layers import masked_mean, start_small

POSITION_INPUTS, ACCOUNT_INPUTS = 3, 3


class AssetHead(nn.Module):
    """The same head on every asset: embedding, market context and own position -> `outputs` numbers.

    `prepare` does the part that depends on the market alone, for whole sequences at once; `forward` adds the
    portfolio's part. The context also scales the embedding's part, so that a state of the market can turn the
    sense of a feature. The last layer starts near zero, so an untrained head says next to nothing.

    Parameters
    ----------
    width : units of the hidden layer.
    outputs : numbers for each asset.
    """

    def __init__(self, perception: Perception, *, width: int, outputs: int) -> None:
        super().__init__()
        self.clip = perception.clip
        self.from_asset = nn.Linear(perception.asset_width, width)
        self.from_context = nn.Linear(perception.context_width, width, bias=False)
        self.gate = nn.Linear(perception.context_width, width)
        self.from_position = nn.Linear(POSITION_INPUTS, width, bias=False)
        self.from_account = nn.Linear(ACCOUNT_INPUTS, width, bias=False)
        self.out = nn.Linear(width, outputs)
        start_small(self.out)

    def prepare(self, seen: Seen) -> Seen:
        """Return the market's part: in place of the embeddings, that of the hidden layer [..., N, W]."""
        context = self.from_context(seen.context).unsqueeze(-2)
        gate = 1.0 + self.gate(seen.context).unsqueeze(-2)
        hidden = torch.addcmul(context, self.from_asset(seen.assets), gate)
        return Seen(hidden, seen.context, seen.member)

    def forward(self, prepared: Seen, portfolio: PortfolioState) -> torch.Tensor:
        """Return [..., N, outputs]."""
        account = self.from_account(account_inputs(portfolio, self.clip)).unsqueeze(-2)
        held = self.from_position(position_inputs(portfolio, prepared.member, self.clip))
        outputs: torch.Tensor = self.out(nnf.silu(prepared.assets + held + account))
        return outputs


class PoolHead(nn.Module):
    """Numbers for the portfolio as a whole, such as its value or the logit of cash.

    It sees the context, the account, the mean position, and what is held: the mean over members of the
    embeddings, each times its weight.
    """

    def __init__(self, perception: Perception, *, width: int, outputs: int) -> None:
        super().__init__()
        self.clip = perception.clip
        self.from_context = nn.Linear(perception.context_width, width)
        self.from_held = nn.Linear(perception.asset_width, width, bias=False)
        self.from_position = nn.Linear(POSITION_INPUTS + ACCOUNT_INPUTS, width, bias=False)
        self.out = nn.Linear(width, outputs)
        start_small(self.out)

    def prepare(self, seen: Seen) -> Seen:
        """Return the market's part: in place of the context, that of the hidden layer [..., W]."""
        return Seen(seen.assets, self.from_context(seen.context), seen.member)

    def forward(self, prepared: Seen, portfolio: PortfolioState) -> torch.Tensor:
        """Return [..., outputs]."""
        member = prepared.member
        positions = position_inputs(portfolio, member, self.clip)
        held = masked_mean(prepared.assets, member, positions[..., 0])
        whole = torch.cat([masked_mean(positions, member), account_inputs(portfolio, self.clip)], dim=-1)
        hidden = prepared.context + self.from_held(held) + self.from_position(whole)
        outputs: torch.Tensor = self.out(nnf.silu(hidden))
        return outputs


def account_inputs(portfolio: PortfolioState, clip: float) -> torch.Tensor:
    """Return [..., 3] of order one: cash weight, drawdown in tenths, leverage."""
    cash, drawdown, leverage = portfolio.account.unbind(dim=-1)
    return torch.stack([cash, 10.0 * drawdown, leverage], dim=-1).clamp(-clip, clip)


def position_inputs(portfolio: PortfolioState, member: torch.Tensor, clip: float) -> torch.Tensor:
    """Return each asset's position [..., N, 3], of order one for any number of members.

    Weights in units of equal weight among members: empty slots do not count. Returns in tenths, logarithms
    of bars.
    """
    members = member.sum(-1, keepdim=True)
    parts = [portfolio.weight * members, 10.0 * portfolio.unrealised, torch.log1p(portfolio.holding) / 5.0]
    return torch.stack(parts, dim=-1).clamp(-clip, clip)


def asset_inputs(portfolio: PortfolioState, member: torch.Tensor, clip: float) -> torch.Tensor:
    """Return [..., N, 6]: each asset's position, and the account beside it."""
    position = position_inputs(portfolio, member, clip)
    account = account_inputs(portfolio, clip).unsqueeze(-2)
    return torch.cat([position, account.expand(*position.shape[:-1], -1)], dim=-1)
