"""The state of B portfolios as tensors that gradients flow through."""

from typing import NamedTuple

import torch
from torch import Tensor

from ploutos.execution.dust import DUST
from ploutos.execution.ledger import Ledger


class TorchLedger(NamedTuple):
    """Cash and holdings of B portfolios over N assets; every step makes new tensors.

    Attributes
    ----------
    cash, equity, peak : [B], currency, as in `Ledger`.
    shares, entry : [B, N], as in `Ledger`; age : [B, N], bars held, 0 where flat, without a gradient.
    value : [B, N], shares x last known close, currency.
    """

    cash: Tensor
    shares: Tensor
    entry: Tensor
    age: Tensor
    value: Tensor
    equity: Tensor
    peak: Tensor

    @classmethod
    def open(
        cls, batch: int, assets: int, capital: float, *, device: torch.device | str, dtype: torch.dtype
    ) -> "TorchLedger":
        """Return `batch` portfolios that hold `capital` in cash."""
        money = torch.full((batch,), capital, device=device, dtype=dtype)
        nothing = torch.zeros((batch, assets), device=device, dtype=dtype)
        return cls(money, nothing, nothing, nothing, nothing, money, money)

    @classmethod
    def of(
        cls, ledger: Ledger, value: Tensor, *, device: torch.device | str, dtype: torch.dtype
    ) -> "TorchLedger":
        """Return a copy of a kernel's ledger whose holdings are worth `value` [B, N]."""
        fields = (ledger.cash, ledger.shares, ledger.entry, ledger.age, ledger.equity, ledger.peak)
        cash, shares, entry, age, equity, peak = (
            torch.tensor(field, device=device, dtype=dtype) for field in fields
        )
        return cls(cash, shares, entry, age, value, equity, peak)

    def detach(self) -> "TorchLedger":
        """Return the same state, cut off from what led to it: the start of the next window of bars."""
        return TorchLedger(*(field.detach() for field in self))

    @property
    def broke(self) -> Tensor:
        """Where all is lost [B], as in `Ledger`."""
        return self.equity <= DUST * self.peak

    @property
    def weights(self) -> Tensor:
        """Share of equity in every asset [B, N], negative where short; 0 without money."""
        return self.value * self._per_equity.unsqueeze(1)

    @property
    def cash_weight(self) -> Tensor:
        """Share of equity in cash [B]; 0 without money."""
        return self.cash * self._per_equity

    @property
    def gross(self) -> Tensor:
        """Leverage [B]: sum of |weights|."""
        return self.weights.abs().sum(1)

    @property
    def drawdown(self) -> Tensor:
        """Loss since the highest equity so far [B], share of it."""
        return 1.0 - self.equity / self.peak

    @property
    def unrealised(self) -> Tensor:
        """Gain of every open position on its average entry price [B, N], share of it; 0 where flat."""
        flat = self.shares == 0.0
        shares = self.shares.detach().masked_fill(flat, 1.0)
        price = self.value.detach() / shares  # a constant of the market
        return (price / self.entry.masked_fill(flat, 1.0) - 1.0).masked_fill(flat, 0.0) * shares.sign()

    @property
    def _per_equity(self) -> Tensor:
        broke = self.broke
        return self.equity.masked_fill(broke, 1.0).reciprocal().masked_fill(broke, 0.0)


class TorchOutcome(NamedTuple):
    """What one bar did to B portfolios, all [B].

    `turnover` is traded notional / equity at the decision, `cost` is in currency, `forced` says where a
    margin call overruled the decision.
    """

    turnover: Tensor
    cost: Tensor
    forced: Tensor
