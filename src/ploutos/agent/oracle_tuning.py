"""Finds the best member of the oracle's family on a market: all candidates as one batch of portfolios."""

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
import numpy.typing as npt

from ploutos.agent.oracle_family import Allowed, Candidate, aims, targets
from ploutos.env.action.target_weights import TargetWeights
from ploutos.env.market import Market
from ploutos.env.portfolio import Portfolio
from ploutos.env.truth import Truth
from ploutos.execution.ledger import Ledger
from ploutos.types import ConfigError
from ploutos.types.ratio import ratio

Floats = npt.NDArray[np.float64]
Told = Callable[[int, int], None]


def truth_of(market: Market) -> Truth:
    """Return what `market` knows of its future; refuses one that knows nothing."""
    if market.truth is None:
        raise ConfigError(
            "agent.oracle: the data holds no expected returns; data=planted and data=synthetic do"
        )
    return market.truth


def allowed(environment: Portfolio) -> Allowed:
    """Return what an aim may do under the agent's action space and account."""
    action = environment.action
    if not action.allow_short:
        return Allowed(leverage=1.0, short=False)
    most = action.max_leverage if isinstance(action, TargetWeights) else 1.0
    return Allowed(leverage=min(most, environment.account.rules.max_gross_leverage), short=True)


def sharpe_ratios(
    candidates: Sequence[Candidate], environment: Portfolio, market: Market, told: Told
) -> Floats:
    """Return the net Sharpe ratio [C] per session of each candidate over the whole of `market`."""
    expected, constraints = truth_of(market).expected_return, allowed(environment)
    temperature, which = np.unique([c.temperature_bps for c in candidates], return_inverse=True)
    rate = np.array([[c.rate] for c in candidates])
    band = np.array([[c.band] for c in candidates])
    count, bars = len(candidates), len(market.ts) - 1
    ledger = Ledger.open(count, market.assets, environment.initial_capital)
    everyone = np.zeros(count, np.int64)
    simulator = environment.simulator(market, ledger=ledger, scenario=everyone, row=everyone.copy())
    layout = simulator.layout
    seen = simulator.observe(np.zeros((count, layout.size), np.float32))
    closes = [ledger.equity.copy()]
    for row in range(bars):
        member = market.member[row]
        aim = aims(expected[row], member, temperature[:, None], constraints)[which]
        weight = layout.asset_state(seen, "weight").astype(np.float64)
        simulator.step(targets(aim, weight, member, rate, band), seen)
        if market.tape.session_last[row + 1] == row + 1:
            closes.append(ledger.equity.copy())
        if row % 1000 == 0:
            told(row, bars)
    equity = np.array(closes)
    returns = equity[1:] / equity[:-1] - 1.0
    return ratio(returns.mean(axis=0), returns.std(axis=0, ddof=1))


def grid(
    temperatures_bps: Sequence[float], rates: Sequence[float], bands: Sequence[float]
) -> list[Candidate]:
    """Return every combination."""
    return [Candidate(*values) for values in product(temperatures_bps, rates, bands)]


def around(best: Candidate, step: float) -> list[Candidate]:
    """Return `best` and its neighbours at a factor of `step` in every setting; a band of 0 stays."""
    near = (1.0 / step, 1.0, step)
    rates = {min(best.rate * factor, 1.0) for factor in near}
    bands = {best.band * factor for factor in near}
    return grid([best.temperature_bps * factor for factor in near], sorted(rates), sorted(bands))


def tune(
    environment: Portfolio,
    market: Market,
    coarse: Sequence[Candidate],
    steps: Sequence[float],
    told: Told,
) -> tuple[Candidate, float]:
    """Return the best candidate and its Sharpe ratio per session.

    First among `coarse`, then among the neighbours of the best so far at each of `steps`. `told` hears how
    many of the passes' bars are done.
    """
    bars, passes = len(market.ts) - 1, 1 + len(steps)
    candidates, best, highest = list(coarse), coarse[0], -np.inf
    for number in range(passes):

        def pass_told(done: int, _: int, before: int = number * bars) -> None:
            told(before + done, passes * bars)

        found = sharpe_ratios(candidates, environment, market, pass_told)
        if found.max() > highest:
            best, highest = candidates[int(found.argmax())], float(found.max())
        if number < len(steps):
            candidates = around(best, steps[number])
    told(passes * bars, passes * bars)
    return best, highest
