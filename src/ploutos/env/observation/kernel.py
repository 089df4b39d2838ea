"""Writes the flat observation of one portfolio (see `Layout`)."""

import numpy as np
import numpy.typing as npt

from ploutos.execution.compiled import part
from ploutos.execution.dust import broke
from ploutos.execution.ledger import Float, Ledger


@part
def write_observation(
    out: npt.NDArray[np.float32],
    b: int,
    features: npt.NDArray[np.float32],
    member: npt.NDArray[np.bool_],
    macro: npt.NDArray[np.float32],
    close: Float,
    ledger: Ledger,
) -> None:
    """Fill `out` [D] with what portfolio `b` knows at the close of a bar: that bar's features [N * F], ...

    Non-members show zeros for their features; holdings always show their weight.
    """
    assets = len(member)
    shares, entry, age = ledger.shares[b], ledger.entry[b], ledger.age[b]
    equity, peak = ledger.equity[b], ledger.peak[b]
    per_equity = 0.0 if broke(equity, peak) else 1.0 / equity  # without money there is nothing to weigh
    copy_features(out, features, member)
    at = len(features)
    known, weight = out[at : at + assets], out[at + assets : at + 2 * assets]
    unrealised, holding = out[at + 2 * assets : at + 3 * assets], out[at + 3 * assets : at + 4 * assets]
    # A loop for each column, and values read before they are chosen from: so they are vectorised.
    for n in range(assets):
        known[n] = np.float32(member[n])
    for n in range(assets):
        held, exposure = shares[n], shares[n] * close[n] * per_equity
        weight[n] = np.float32(0.0 if held == 0.0 else exposure)
    for n in range(assets):
        held, gain = shares[n], close[n] / entry[n] - 1.0
        gain = gain if held > 0.0 else -gain
        unrealised[n] = np.float32(0.0 if held == 0.0 else gain)
    for n in range(assets):
        holding[n] = np.float32(max(age[n], 0))
    gross = 0.0
    for n in range(assets):
        gross += abs(weight[n])
    at += 4 * assets
    out[at] = np.float32(ledger.cash[b] * per_equity)
    out[at + 1] = np.float32(1.0 - equity / peak)
    out[at + 2] = np.float32(gross)
    for m in range(len(macro)):
        out[at + 3 + m] = macro[m]


@part
def copy_features(
    out: npt.NDArray[np.float32], features: npt.NDArray[np.float32], member: npt.NDArray[np.bool_]
) -> None:
    """Copy [N * F] in one go where everybody is a member, else name by name with zeros for the others."""
    assets, inside = len(member), 0
    for n in range(assets):
        inside += member[n]
    if inside == assets:
        for k in range(len(features)):
            out[k] = features[k]
        return
    width = len(features) // assets
    for n in range(assets):
        at = n * width
        if member[n]:
            for f in range(width):
                out[at + f] = features[at + f]
        else:
            for f in range(width):
                out[at + f] = 0.0
