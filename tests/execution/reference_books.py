"""What the reference reads and writes: rules, quotes, one portfolio. Imports nothing of Ploutos.

`None` is a target of "hold", a stop that is not configured, and a price of a bar that did not happen.
"""

from dataclasses import dataclass, field
from math import inf, sqrt

DUST = 1e-9  # share of equity, or of the highest equity, that is nothing
TIE = 1e-12  # relative distance at which a limit is reached


@dataclass(frozen=True)
class Costs:
    """Of one name."""

    commission_bps: float = 0.0
    half_spread_bps: float = 0.0
    slippage: float = 0.0
    impact: float = 0.0
    borrow_bps_annual: float = 0.0


@dataclass(frozen=True)
class Rules:
    """Account, fill and stops, named as in the configs."""

    margin: bool = False
    allow_short: bool = False
    max_position_weight: float = 1.0
    max_gross_leverage: float = inf
    max_net_leverage: float = inf
    maintenance_margin: float = 0.0
    interest_bps_annual: float = 0.0
    min_trade_value: float = 0.0
    whole_shares: bool = False
    trim_drift: bool = False
    fill: str = "next_open"
    stop_loss: float | None = None
    take_profit: float | None = None
    trailing_stop: float | None = None
    cooldown_bars: int = 0
    max_drawdown: float | None = None
    max_session_loss: float | None = None


@dataclass(frozen=True)
class Quote:
    """What the market says about one name between the close of bar t and the close of bar t+1."""

    close_t: float
    member_t: bool
    open: float | None
    high: float | None
    low: float | None
    close: float  # the last known one where there is no bar
    costs: Costs = Costs()
    volatility_t: float = 0.0
    dollar_volume_t: float = 0.0
    split: float = 1.0
    dividend: float = 0.0
    delisting: float | None = None

    def fill_price(self, fill):
        if fill == "next_open":
            return self.open
        if fill == "next_close":
            return self.close
        return (self.open + self.high + self.low + self.close) / 4

    def cost_rate(self, notional):
        costs, known = self.costs, self.dollar_volume_t > 0
        participation = min(1.0, notional / self.dollar_volume_t) if known else 1.0
        rate = (costs.commission_bps + costs.half_spread_bps) / 10_000
        rate += costs.slippage * self.volatility_t
        return min(1.0, rate + costs.impact * self.volatility_t * sqrt(participation))


@dataclass(frozen=True)
class Clock:
    """Row t, years until the close of t+1, the last row of the session of t+1."""

    row: int
    years: float
    session_last: int


@dataclass
class Position:
    shares: float
    entry: float
    best: float
    age: int = 0  # bars at whose close it was held; 0: opened in this bar


@dataclass
class Done:
    """What this bar did."""

    forced: bool = False
    notional: float = 0.0
    turnover: float = 0.0
    cost: float = 0.0
    traded: dict[str, float] = field(default_factory=dict)
    fees: dict[str, float] = field(default_factory=dict)


@dataclass
class Portfolio:
    """Money and holdings; names that are not held have no position."""

    cash: float
    equity: float
    peak: float
    limit_peak: float
    session_base: float
    flat_until: int = 0  # decisions at earlier rows flatten everything
    realised: float = 0.0
    costs: float = 0.0
    dividends: float = 0.0
    financing: float = 0.0
    positions: dict[str, Position] = field(default_factory=dict)
    cooldown: dict[str, int] = field(default_factory=dict)  # decisions left
    bar: Done = field(default_factory=Done)

    @classmethod
    def with_capital(cls, capital):
        return cls(capital, capital, capital, capital, capital)

    @property
    def broke(self):
        return self.equity <= DUST * self.peak

    def shares(self, name):
        return self.positions[name].shares if name in self.positions else 0.0

    def close_shares(self, name, price):
        """Take a holding off the books at `price`, without cash or costs."""
        position = self.positions.pop(name)
        self.realised += profit(position, price, abs(position.shares))

    def fill(self, name, shares, price, quote):
        """Buy `shares` (negative: sell) at `price`."""
        notional = abs(shares) * price
        cost = notional * quote.cost_rate(notional)
        if shares > 0:
            self.cash -= notional + cost
        else:
            self.cash += notional - cost
        self.costs += cost
        self.bar.cost += cost
        self.bar.notional += notional
        self.bar.traded[name] = self.bar.traded.get(name, 0.0) + shares
        self.bar.fees[name] = self.bar.fees.get(name, 0.0) + cost
        self.book(name, shares, price)

    def book(self, name, shares, price):
        """Step 4, average entry price."""
        if name not in self.positions:
            self.positions[name] = Position(shares, price, price)
            return
        position = self.positions[name]
        held, after = position.shares, position.shares + shares
        if held * shares > 0:
            paid = position.entry * abs(held) + abs(shares) * price
            position.entry = paid / (abs(held) + abs(shares))
            position.shares = after
        elif after == 0 or held * after < 0:
            self.close_shares(name, price)
            if after != 0:
                self.positions[name] = Position(after, price, price)
        else:
            self.realised += profit(position, price, abs(shares))
            position.shares = after


def profit(position, price, shares):
    difference = price - position.entry if position.shares > 0 else position.entry - price
    return difference * shares
