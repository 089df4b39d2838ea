"""Entry points of the environment: observe a batch; trade one bar and observe it."""

import numpy as np
import numpy.typing as npt

from ploutos.env.observation.kernel import write_observation
from ploutos.execution.compiled import kernel, part
from ploutos.execution.kernel import trade_bar
from ploutos.execution.ledger import Float, Ledger
from ploutos.execution.outcome import Outcome
from ploutos.execution.prefetch import prefetch
from ploutos.execution.rules import Rules
from ploutos.execution.tape import Tape
from ploutos.types.fields import CLOSE

Index = npt.NDArray[np.int64]
Single = npt.NDArray[np.float32]


@kernel
def observe(
    who: Index,
    out: Single,
    features: Single,
    macro: Single,
    scenario: Index,
    row: Index,
    ledger: Ledger,
    tape: Tape,
) -> None:
    """Write the observations of the portfolios `who` at the close of their `row` [B] into `out` [B, D]."""
    for b in who:
        p, t = scenario[b], row[b]
        write_observation(
            out[b], b, features[p, t], tape.member[t], macro[t], tape.prices[p, t, CLOSE], ledger
        )


@part
def fetch(p: int, t: int, features: Single, tape: Tape, rules: Rules) -> None:
    """Fetch what a portfolio that stands at row `t` will read while it trades and is observed."""
    prefetch(tape.prices[p, t, CLOSE])
    prefetch(tape.prices[p, t + 1].reshape(-1))
    if rules.costs.scaled:
        prefetch(rules.costs.liquidity[p, t].reshape(-1))
    prefetch(features[p, t + 1].reshape(-1))


@kernel
def step(
    first: int,
    last: int,
    targets: Float,
    out: Single,
    features: Single,
    macro: Single,
    scenario: Index,
    row: Index,
    ledger: Ledger,
    tape: Tape,
    rules: Rules,
    outcome: Outcome,
    scratch: Float,
) -> None:
    """Trade portfolios `first` ... `last` - 1 to the next close, advance `row`, write `out` [B, D].

    Observing right after trading finds prices and holdings still in the processor's nearest cache.
    """
    for b in range(first, last):
        p, t = scenario[b], row[b]
        if b + 1 < last:
            fetch(scenario[b + 1], row[b + 1], features, tape, rules)
        trade_bar(b, p, t, ledger, targets[b], tape, rules, outcome, scratch)
        row[b] = t + 1
        write_observation(
            out[b],
            b,
            features[p, t + 1],
            tape.member[t + 1],
            macro[t + 1],
            tape.prices[p, t + 1, CLOSE],
            ledger,
        )
