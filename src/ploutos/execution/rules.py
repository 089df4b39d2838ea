"""The rules of a venue as plain numbers, for the kernel; docs/execution.md gives their formulas."""

from typing import NamedTuple

from ploutos.execution.ledger import Float


class AccountRules(NamedTuple):
    """What an account may do. Weights and leverages are shares of equity."""

    margin: bool
    allow_short: bool
    max_position_weight: float
    max_gross_leverage: float
    max_net_leverage: float
    maintenance_margin: float
    interest_annual: float
    min_trade_value: float
    whole_shares: bool
    trim_drift: bool


VOLATILITY, DOLLAR_VOLUME = range(2)  # third axis of `CostTable.liquidity`


class CostTable(NamedTuple):
    """What a fill and a short position cost, by asset; fractions, not bps.

    `fixed` ... `borrow_annual` are [1, N], or [T, N] where `by_row`: the costs of a decision at row t.
    `liquidity` [P, T, 2, N] holds volatility and traded value per bar; [1, 1, 2, 1] and unread where `scaled`
    is false.
    """

    fixed: Float
    slippage: Float
    impact: Float
    borrow_annual: Float
    by_row: bool
    scaled: bool
    liquidity: Float


class StopRules(NamedTuple):
    """Fractions; infinite where there is no such stop."""

    by_name: bool
    stop_loss: float
    take_profit: float
    trailing_stop: float
    cooldown_bars: int
    of_portfolio: bool
    max_drawdown: float
    max_session_loss: float


class FillRule(NamedTuple):
    """Fill price = the weighted sum of a bar's open, high, low and close; `at_open` where it is the open."""

    at_open: bool
    weights: tuple[float, float, float, float]


class Rules(NamedTuple):
    """Everything that decides what an order becomes."""

    account: AccountRules
    costs: CostTable
    fill: FillRule
    stops: StopRules
