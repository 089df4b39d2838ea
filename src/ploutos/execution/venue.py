"""One market under one set of rules: where orders become money."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ploutos.execution.account.model import Account
from ploutos.execution.costs.model import CostModel
from ploutos.execution.fill.model import Fill
from ploutos.execution.kernel import estimate, execute
from ploutos.execution.ledger import Float, Ledger
from ploutos.execution.outcome import Outcome
from ploutos.execution.roster import Roster
from ploutos.execution.rules import Rules
from ploutos.execution.scratch import Scratch
from ploutos.execution.stops.model import Stops
from ploutos.execution.tape import Tape


@dataclass(frozen=True, kw_only=True)
class Venue:
    """Executes orders of any number of ledgers; holds no state of its own."""

    tape: Tape
    rules: Rules

    @classmethod
    def of(
        cls,
        roster: Roster,
        tape: Tape,
        *,
        account: Account,
        costs: CostModel,
        fill: Fill,
        stops: Stops,
    ) -> "Venue":
        """Return the venue of `tape` under these rules."""
        return cls(
            tape=tape,
            rules=Rules(
                account=account.rules,
                costs=costs.table(roster),
                fill=fill.rule,
                stops=stops.rules,
            ),
        )

    def step(
        self,
        ledger: Ledger,
        targets: Float,
        scenario: npt.NDArray[np.int64],
        row: npt.NDArray[np.int64],
        outcome: Outcome,
    ) -> None:
        """Carry `ledger` from the close of bar `row` [B] of `scenario` [B] to that of `row` + 1, in place.

        `targets` [B, N] are shares of equity, NaN = hold. `outcome` is overwritten; `row` is not.
        """
        execute(
            ledger,
            targets,
            scenario,
            row,
            self.tape,
            self.rules,
            outcome,
            Scratch.of(targets.shape[1]),
        )


def order_costs(
    venue: Venue,
    ledger: Ledger,
    targets: Float,
    scenario: npt.NDArray[np.int64],
    row: npt.NDArray[np.int64],
) -> Float:
    """Return [B, N], currency: what orders for `targets` cost at the close of `row`, before they are sent."""
    costs = np.zeros(targets.shape)
    room = Scratch.of(targets.shape[1])
    estimate(ledger, targets, scenario, row, venue.tape, venue.rules, costs, room)
    return costs
