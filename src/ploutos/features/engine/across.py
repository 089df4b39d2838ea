"""What is computed across tickers: the market's return, ranks, values less their mean."""

import math

import numpy as np
import numpy.typing as npt

from ploutos.hardware.compiled import kernel, rare

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Features = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

RANK, NEUTRAL, SCORE = 1, 2, 3
TIE, SINGLE = 1e-9, 2.0**-22  # a deviation below these, the second a share of the mean, is float32's rounding
KINDS = {"rank": RANK, "neutral": NEUTRAL, "score": SCORE}


@kernel
def add_returns(close: Floats, when: Integers, total: Floats, count: Integers) -> None:
    """Add a ticker's log returns [R] to the sums and counts [T] of their times."""
    last = math.log(close[0]) if len(close) and close[0] >= 0.0 else np.nan
    for i in range(1, len(close)):
        now = math.log(close[i]) if close[i] >= 0.0 else np.nan
        if math.isfinite(now - last):
            total[when[i]] += now - last
            count[when[i]] += 1
        last = now


@rare
def merge_sort(order: Integers, x: Floats, room: Integers) -> None:
    """Sort the numbers `order` [n] by their `x`; `room` is as long."""
    n, width = len(order), 1
    while width < n:
        for start in range(0, n, 2 * width):
            i, middle, stop = start, min(start + width, n), min(start + 2 * width, n)
            j = middle
            for k in range(start, stop):
                if j >= stop or (i < middle and x[order[i]] <= x[order[j]]):
                    room[k] = order[i]
                    i += 1
                else:
                    room[k] = order[j]
                    j += 1
        for k in range(n):
            order[k] = room[k]
        width *= 2


@rare
def centred_ranks(x: Floats, known: Integers, room: Integers, out: Floats) -> None:
    """Write (rank - 1/2) / count - 1/2 of the `known` ones of `x` into `out`, ties averaged."""
    merge_sort(known, x, room)
    n, start = len(known), 0
    while start < n:
        stop = start + 1
        while stop < n and x[known[stop]] == x[known[start]]:
            stop += 1
        for k in range(start, stop):
            out[known[k]] = 0.5 * (start + stop) / n - 0.5
        start = stop


@rare
def centred(x: Floats, known: Integers, scaled: bool, out: Floats) -> None:
    """Write the `known` ones of `x` less their mean into `out`, over their deviation if `scaled`."""
    n, first = len(known), x[known[0]]
    shift = 0.0
    for k in range(n):
        shift += x[known[k]] - first
    mean, square = first + shift / n, 0.0
    for k in range(n):
        square += (x[known[k]] - mean) * (x[known[k]] - mean)
    scale = math.sqrt(square / n) if scaled else 1.0
    varied = scale > max(TIE, SINGLE * abs(mean))
    for k in range(n):
        out[known[k]] = (x[known[k]] - mean) / scale if varied else 0.0 * x[known[k]]


@kernel
def across(
    out: Features,
    order: Integers,
    starts: Integers,
    columns: Integers,
    kinds: Integers,
    x: Floats,
    y: Floats,
    known: Integers,
    room: Integers,
) -> None:
    """Replace columns of `out` by what they are across the tickers with a bar at the same time.

    Parameters
    ----------
    out : [*, *] float32.
    order : [R] rows of `out` with a bar, by time.
    starts : [T + 1] where each time begins in `order`.
    columns, kinds : [K] columns to replace, and RANK, NEUTRAL or SCORE.
    x, y, known, room : [N] scratch, float64 and int64.
    """
    for t in range(len(starts) - 1):
        rows = order[starts[t] : starts[t + 1]]
        for k in range(len(columns)):
            count = 0
            for n in range(len(rows)):
                x[n] = out[rows[n], columns[k]]
                y[n] = np.nan
                if x[n] == x[n]:
                    known[count] = n
                    count += 1
            if count and kinds[k] == RANK:
                centred_ranks(x, known[:count], room, y)
            elif count:
                centred(x, known[:count], kinds[k] == SCORE, y)
            for n in range(len(rows)):
                out[rows[n], columns[k]] = y[n]


@kernel
def carry(
    values: Features,
    traded: Mask,
    delist_bar: npt.NDArray[np.int32],
    known: Mask,
    first: int,
    last: int,
) -> None:
    """Fill the cells without a bar: a ticker's last values, NaN before its first bar and once it ended.

    Tickers from number `first` up to `last`, itself left out.

    Parameters
    ----------
    values : [T, N, F] float32, known where `traded` [T, N].
    delist_bar : [N] row from which a ticker has ended, -1 never.
    known : [T, N] is set to where all values are finite.
    """
    times, _, features = values.shape
    for t in range(times):
        for n in range(first, last):
            if not traded[t, n]:
                for f in range(features):
                    values[t, n, f] = values[t - 1, n, f] if t else np.nan
            if 0 <= delist_bar[n] <= t:
                for f in range(features):
                    values[t, n, f] = np.nan
            whole = True
            for f in range(features):
                whole &= math.isfinite(values[t, n, f])
            known[t, n] = whole
