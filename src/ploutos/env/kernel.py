"""Entry points of the environment: observe a batch; trade one bar and observe it."""

import numpy as np
import numpy.typing as npt

from ploutos.env.observation.kernel import write_observation
from ploutos.execution.compiled import kernel
from ploutos.execution.kernel import trade_bar
from ploutos.execution.ledger import Float, Ledger
from ploutos.execution.outcome import Outcome
from ploutos.execution.prefetch import AHEAD, look_ahead
from ploutos.execution.rules import Rules
from ploutos.execution.scratch import Scratch
from ploutos.execution.tape import Tape
from ploutos.types.fields import CLOSE

Index = npt.NDArray[np.int64]
Single = npt.NDArray[np.float32]

BLOCK = 16  # portfolios that trade before they are observed; best of 1 ... 32 for 50 assets x 28 features


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
    scratch: Scratch,
) -> None:
    """Trade portfolios `first` ... `last` - 1 to the next close, advance `row`, write `out` [B, D].

    `BLOCK` portfolios trade, while what they will observe is fetched; then all of them are observed, with
    prices and holdings still in the processor's cache, and without swapping two long codes for each of them.
    """
    for begin in range(first, last, BLOCK):
        end = min(begin + BLOCK, last)
        for b in range(begin, end):
            p, t = scenario[b], row[b]
            then = min(b + AHEAD, last - 1)
            ahead = look_ahead(scenario[then], row[then], tape, rules.costs, features[p, t + 1])
            trade_bar(b, p, t, ledger, targets[b], tape, rules, outcome, scratch, ahead)
        for b in range(begin, end):
            p, t = scenario[b], row[b] + 1
            row[b] = t
            write_observation(
                out[b], b, features[p, t], tape.member[t], macro[t], tape.prices[p, t, CLOSE], ledger
            )
