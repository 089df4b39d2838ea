"""How small is nothing: residues of rounding are no positions and no money (docs/execution.md, "Dust").

Whoever decides by `x != 0`, `x > 0` or `x <= limit` on numbers that rounding reaches decides by the last bit,
and the last bit depends on the capital. These two bounds stand in place of such questions.
"""

from ploutos.execution.compiled import part

DUST = 1e-9  # share of equity (of the highest equity, for equity itself) below which there is nothing
TIE = 1e-12  # relative distance at which a price or an amount counts as having reached a limit


@part
def broke(equity: float, peak: float) -> bool:
    """Return whether all is lost: equity at most `DUST` of the highest equity so far."""
    return equity <= DUST * peak


@part
def least_order(equity: float, min_trade_value: float) -> float:
    """Return the value below which an order that does not close a position lapses, currency."""
    return max(DUST * equity, min_trade_value * (1.0 - TIE))
