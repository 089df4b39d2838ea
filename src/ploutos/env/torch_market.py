"""One bar of trading for a batch of portfolios, differentiable: the kernel's semantics in tensors."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from ploutos.env.differentiable.fills import Rates, age_after, entry_after, fill_all, fill_within_cash
from ploutos.env.differentiable.ledger import TorchLedger, TorchOutcome
from ploutos.env.differentiable.orders import goal_weights
from ploutos.env.differentiable.smooth import without
from ploutos.env.differentiable.tables import Tables
from ploutos.env.market import Market
from ploutos.env.reward.terms import RUIN
from ploutos.execution.dust import DUST, TIE
from ploutos.execution.ledger import Ledger
from ploutos.execution.rules import Rules
from ploutos.execution.venue import Venue
from ploutos.types import ConfigError

Policy = Callable[[TorchLedger, Tensor], Tensor]
MOST_SMOOTH = 0.1
ROUNDING_UNITS = 16  # dust in 32 bits, where rounding leaves more than in 64: in units of their last place


class Rollout(NamedTuple):
    """K bars of B portfolios: log growth, turnover and cost of each [K, B], and the ledger after the last.

    Growth is what `LogReturn` pays for: within [`RUIN`, 1 / `RUIN`], and 1 where there was no money.
    """

    log_growth: Tensor
    turnover: Tensor
    cost: Tensor
    ledger: TorchLedger


class TorchMarket:
    """A market under a venue's rules that gradients flow through (docs/torch_market.md).

    Parameters
    ----------
    market, venue : as the kernel uses them; the venue must be one of this market.
    device : where tensors live; dtype : torch.float64 or torch.float32.
    smoothness : 0 for exactly the kernel's semantics; up to 0.1 rounds off two kinks, share of equity.

    Raises
    ------
    ConfigError
        For rules whose outcome jumps: stops, whole shares, a minimum order, trimming.
    """

    def __init__(
        self,
        market: Market,
        venue: Venue,
        *,
        device: torch.device | str,
        dtype: torch.dtype,
        smoothness: float,
    ) -> None:
        require_differentiable(venue.rules)
        if venue.tape is not market.tape:
            raise ValueError("the venue trades another market's tape")
        if dtype not in (torch.float32, torch.float64):
            raise ConfigError(f"dtype: {dtype} is not supported (torch.float64 or torch.float32)")
        if not 0.0 <= smoothness <= MOST_SMOOTH:
            raise ConfigError(f"smoothness: {smoothness} must be between 0 and {MOST_SMOOTH}")
        self.rules = venue.rules
        self.device = torch.device(device)
        self.dtype = dtype
        self.smoothness = smoothness
        self.dust = max(DUST, ROUNDING_UNITS * torch.finfo(dtype).eps)
        self.paths, self.bars, _, self.assets = venue.tape.prices.shape
        self.tables = Tables.of(
            venue.tape, venue.rules.costs, venue.rules.fill, device=self.device, dtype=dtype
        )
        self.borrows = venue.rules.account.allow_short and bool((venue.rules.costs.borrow_annual > 0.0).any())

    def open(self, batch: int, capital: float) -> TorchLedger:
        """Return `batch` portfolios that hold `capital` in cash."""
        return TorchLedger.open(batch, self.assets, capital, device=self.device, dtype=self.dtype)

    def ledger_of(self, ledger: Ledger, scenario: Tensor, row: Tensor) -> TorchLedger:
        """Return a copy of a kernel's ledger at the closes of bars `row` [B] of `scenario` [B]."""
        close = self.tables.traded[scenario * self.bars + row, 1]
        shares = torch.tensor(ledger.shares, device=self.device, dtype=self.dtype)
        return TorchLedger.of(ledger, shares * close, device=self.device, dtype=self.dtype)

    def step(
        self, ledger: TorchLedger, targets: Tensor, scenario: Tensor, row: Tensor
    ) -> tuple[TorchLedger, TorchOutcome]:
        """Return the ledger at the close of bar `row` + 1, and what the bar did.

        `targets` [B, N] are shares of equity, NaN = hold, decided at the close of `row` of `scenario` [B].
        On a GPU every call waits for it once; `rollout` waits once for all bars.
        """
        (acts,) = self._bars_with_events(scenario, row, 1)
        return self._step(ledger, targets, scenario, row, acts)

    def rollout(
        self,
        policy: Policy | Tensor,
        *,
        ledger: TorchLedger,
        scenario: Tensor,
        row: Tensor,
        bars: int,
    ) -> Rollout:
        """Trade `bars` bars from the close of `row` [B] on; `policy` is targets [K, B, N], or gives them.

        A policy is called with the ledger and the rows [B] of the decision and returns [B, N].
        """
        act = in_turn(policy) if isinstance(policy, Tensor) else policy
        figures = []
        for k, acts in enumerate(self._bars_with_events(scenario, row, bars)):
            before = ledger.equity
            ledger, outcome = self._step(ledger, act(ledger, row + k), scenario, row + k, acts)
            figures.append((log_growth(before, ledger.equity), outcome.turnover, outcome.cost))
        growth, turnover, cost = (torch.stack(figure) for figure in zip(*figures, strict=True))
        return Rollout(growth, turnover, cost, ledger)

    def _bars_with_events(self, scenario: Tensor, row: Tensor, bars: int) -> list[bool]:
        """Return for each of the next `bars` bars whether any portfolio meets a corporate action."""
        rows = row + torch.arange(1, bars + 1, device=row.device).unsqueeze(1)
        inside = (row >= 0) & (row + bars < self.bars) & (scenario >= 0) & (scenario < self.paths)
        if not bool(inside.all()):
            raise IndexError(
                f"{bars} bars from rows {row.min().item()} ... {row.max().item()} of scenarios"
                f" {scenario.min().item()} ... {scenario.max().item()} leave the market"
                f" ({self.bars} bars, {self.paths} scenarios)"
            )
        found: list[bool] = (self.tables.slot[rows] > 0).any(1).tolist()
        return found

    def _step(
        self, ledger: TorchLedger, targets: Tensor, scenario: Tensor, row: Tensor, acts: bool
    ) -> tuple[TorchLedger, TorchOutcome]:
        account, tables = self.rules.account, self.tables
        at = scenario * self.bars + row
        known, traded = tables.known.index_select(0, at), tables.traded.index_select(0, at + 1)
        close, price, next_close = known[:, 0], traded[:, 0], traded[:, 1]
        before = ledger.equity
        alive = ~ledger.broke
        unit = before.masked_fill(~alive, 1.0).unsqueeze(1)

        forced = torch.zeros_like(alive)
        allowed = tables.member.index_select(0, row)
        if account.margin:
            needed = account.maintenance_margin * (1.0 - TIE) * ledger.value.abs().sum(1)
            forced = alive & (before < needed)
            allowed = allowed & ~forced.unsqueeze(1)
        goal, hold = goal_weights(targets, allowed, ledger.value / unit, account)
        goal = without(goal, goal.abs() < self.dust)
        # Without money nothing is held, so that orders of no money are no orders.
        order = goal * before.masked_fill(~alive, 0.0).unsqueeze(1) / close - ledger.shares
        order = without(order, ((order * close).abs() < self.dust * unit) & (goal != 0.0))
        order = order.masked_fill(hold | (price == 0.0), 0.0)

        cash, shares, entry = ledger.cash, ledger.shares, ledger.entry
        if acts:
            factor, per_split, dividend, payout = tables.events[tables.slot[row + 1]].unbind(1)
            cash = cash + (shares * dividend + ledger.value * payout).sum(1)
            shares, order, entry = shares * factor, order * factor, entry * per_split

        rates = Rates(tables.fixed, known[:, 1:])
        fill = fill_all if account.margin else fill_within_cash
        quantity, cash, notional, cost = fill(order, price, cash, rates, unit, self.smoothness, self.dust)
        after = shares + quantity
        entry = entry_after(shares, entry, quantity, price, after)
        age = age_after(shares, ledger.age, after)
        value = after * next_close
        if account.margin:
            cash = cash - self._financing(cash, value, tables.years[row + 1])
        equity = cash + value.sum(1)
        peak = torch.maximum(ledger.peak, equity)
        ruined = equity <= DUST * peak
        cash = torch.where(ruined, equity, cash)
        after, entry, age, value = (
            x.masked_fill(ruined.unsqueeze(1), 0.0) for x in (after, entry, age, value)
        )
        marked = TorchLedger(cash, after, entry, age, value, equity, peak)
        return marked, TorchOutcome(notional / unit.squeeze(1), cost, forced)

    def _financing(self, cash: Tensor, value: Tensor, years: Tensor) -> Tensor:
        """Return the borrow fee of short positions and the interest on negative cash [B] for `years` [B]."""
        fee = torch.zeros_like(cash)
        if self.borrows:
            fee = ((-value).relu() * self.tables.borrow).sum(1) * years
        return fee + (fee - cash).relu() * (self.rules.account.interest_annual * years)


def in_turn(targets: Tensor) -> Policy:
    """Return the policy that wants `targets` [K, B, N] bar after bar."""
    # Unbound at once: the gradient of a slice would be a whole [K, B, N] for every bar.
    waiting = iter(targets.unbind())
    return lambda ledger, row: next(waiting)


def log_growth(before: Tensor, after: Tensor) -> Tensor:
    """Return ln(after / before) [B] of equities, bounded as in the reward; 0 without money before."""
    broke = before <= 0.0
    growth = (after / before.masked_fill(broke, 1.0)).clamp(RUIN, 1.0 / RUIN)
    return growth.masked_fill(broke, 1.0).log()


def require_differentiable(rules: Rules) -> None:
    """Refuse rules under which a small change of a target can make the outcome jump."""
    account, stops = rules.account, rules.stops
    if rules.costs.by_row:
        raise ConfigError(
            "execution.costs: costs of each ticker behind slots: the Torch market cannot do"
            " it (use execution/costs=realistic)"
        )
    why = "the Torch market cannot do it"
    levels = ("stop_loss", "take_profit", "trailing_stop", "max_drawdown", "max_session_loss")
    for name in levels:
        level = getattr(stops, name)
        if math.isfinite(level):
            raise ConfigError(f"execution.stops.{name}: {level}: {why} (use execution/stops=none)")
    for name in ("whole_shares", "trim_drift"):
        if getattr(account, name):
            raise ConfigError(f"execution.account.{name}: true: {why} (use false)")
    if account.min_trade_value > 0.0:
        raise ConfigError(f"execution.account.min_trade_value: {account.min_trade_value}: {why} (use 0)")
