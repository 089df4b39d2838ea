"""A tape and its costs as tensors, laid out so that one bar of a batch is a few gathers of whole rows."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ploutos.execution.corporate_actions import Events
from ploutos.execution.ledger import Float
from ploutos.execution.rules import DOLLAR_VOLUME, VOLATILITY, CostTable, FillRule
from ploutos.execution.tape import Tape
from ploutos.types.fields import CLOSE, OPEN


class Tables(NamedTuple):
    """Constants of a market; row k = p x T + t of the first two is row t of scenario p.

    Attributes
    ----------
    known : [P T, C, N], at the decision: close (1 before a name's first bar), and, where costs are scaled,
        the rate without impact, impact x volatility, traded value per bar.
    traded : [P T, 2, N], fill price (0 where nothing trades) and close.
    member : [T, N]; years : [T].
    slot : [T], row of `events`; 0 is a row without events.
    events : [R, 4, N], on the holdings of the bar before: factor of the shares (0: delisted), factor of the
        entry price, dividend per share before the split, payout as a share of the last close.
    fixed, borrow : [N], fractions.
    """

    known: Tensor
    traded: Tensor
    member: Tensor
    years: Tensor
    slot: Tensor
    events: Tensor
    fixed: Tensor
    borrow: Tensor

    @classmethod
    def of(
        cls, tape: Tape, costs: CostTable, fill: FillRule, *, device: torch.device | str, dtype: torch.dtype
    ) -> "Tables":
        """Return the tensors of `tape` under these costs and this fill rule."""
        flat = (-1, tape.prices.shape[3])
        close = tape.prices[:, :, CLOSE]
        close = np.where(np.isnan(close), 1.0, close).reshape(flat)
        known = [close]
        if costs.scaled:
            known += [channel.reshape(flat) for channel in _rates(costs)]
        slot, events = _dense(tape.events, flat[1])
        numbers = (
            np.stack(known, axis=1),
            np.stack([_fill_price(tape.prices, fill).reshape(flat), close], axis=1),
            tape.member,
            tape.years,
            slot,
            events,
            costs.fixed[0],
            costs.borrow_annual[0],
        )
        whole = (np.bool_, np.int64)
        return cls(
            *(torch.tensor(n, device=device, dtype=None if n.dtype in whole else dtype) for n in numbers)
        )


def _fill_price(prices: Float, rule: FillRule) -> Float:
    """Return the fill price of every bar [P, T, N], 0 where nothing trades."""
    if rule.at_open:
        return np.nan_to_num(prices[:, :, OPEN], nan=0.0)
    of_open, of_high, of_low, of_close = rule.weights
    open_, high, low, close, _ = np.moveaxis(prices, 2, 0)
    price: Float = of_open * open_ + of_high * high + of_low * low + of_close * close
    return np.nan_to_num(price, nan=0.0)


def _rates(costs: CostTable) -> tuple[Float, Float, Float]:
    """Return the rate without impact, impact x volatility and traded value [P, T, N].

    Where the traded value is unknown the participation is 1, so the impact moves into the first.
    """
    volatility, volume = costs.liquidity[:, :, VOLATILITY], costs.liquidity[:, :, DOLLAR_VOLUME]
    base, impact = costs.fixed + costs.slippage * volatility, costs.impact * volatility
    thin = ~(volume > 0.0)
    return (
        np.where(thin, base + impact, base),
        np.where(thin, 0.0, impact),
        np.where(thin, 1.0, volume),
    )


def _dense(events: Events, assets: int) -> tuple[np.ndarray, Float]:
    """Return `Tables.slot` and `Tables.events`."""
    count = np.diff(events.start)
    row = np.repeat(np.arange(len(count)), count)
    slot = np.where(count > 0, np.cumsum(count > 0), 0)
    dense = np.zeros((slot.max() + 1, 4, assets))
    dense[:, :2] = 1.0
    gone = ~np.isnan(events.delisting)
    columns = (
        np.where(gone, 0.0, events.split),
        np.where(gone, 0.0, 1.0 / events.split),
        events.split * events.dividend,
        np.where(gone, 1.0 + events.delisting, 0.0),
    )
    for channel, values in enumerate(columns):
        dense[slot[row], channel, events.asset] = values
    return slot.astype(np.int64), dense
