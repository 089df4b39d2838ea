"""Where the cells of sequences with resets go, so that fused calls can run them with little padding."""

from dataclasses import dataclass
from itertools import pairwise

import torch

HOLD, WIPE = 1, 2
MOST_PADDING = 0.1  # of all cells


@dataclass(frozen=True)
class Plan:
    """An arrangement of the T * R cells of R rows in groups of columns.

    Attributes
    ----------
    groups : steps and columns of each group; their cells lie one after another, a group's step by step.
    steer : [cells], 0 = an ordinary step, `HOLD` = keep the cell state, `WIPE` = leave zero.
    take : [cells], number t * R + r of the cell that goes here, -1 = none.
    place : [T * R], where each cell went; None where all stayed where they were.
    first : [columns], the row whose state begins the column; R = zero.
    last : [R], the column that ends the row.
    """

    groups: tuple[tuple[int, int], ...]
    steer: torch.Tensor
    take: torch.Tensor
    place: torch.Tensor | None
    first: torch.Tensor
    last: torch.Tensor

    @property
    def padding(self) -> float:
        """Return the share of cells that stand for no step of any row."""
        return float((self.take < 0).double().mean())


def plan_cells(resets: torch.Tensor, active: torch.Tensor | None, device: torch.device) -> Plan | None:
    """Return how to run `resets` [T, R]; None where there is nothing to reset after the first step.

    A cell that is not `active` wipes the state itself, so that a reset right behind it costs nothing.
    """
    cut = (resets != 0).cpu()
    cut[0] = False
    wipe = torch.zeros_like(cut) if active is None else (active == 0).cpu()
    cut[1:] &= ~(wipe[1:] | wipe[:-1])
    if not cut.any():
        return _as_they_are(wipe, device) if wipe.any() else None
    added = int(cut.sum(dim=0).max())
    if added <= MOST_PADDING * (len(cut) + added):
        return _with_steps(cut, wipe, added, device)
    return _in_pieces(cut, wipe, device)


def _as_they_are(wipe: torch.Tensor, device: torch.device) -> Plan:
    length, rows = wipe.shape
    cells, columns = torch.arange(wipe.numel()), torch.arange(rows)
    return _plan([(length, rows)], wipe.flatten() * WIPE, cells, None, columns, columns, device)


def _with_steps(cut: torch.Tensor, wipe: torch.Tensor, added: int, device: torch.device) -> Plan:
    """Insert a step before each cut; behind the last cell every row is filled up to the same length."""
    length, rows = cut.shape
    step = torch.arange(length)[:, None] + cut.cumsum(dim=0)
    place = step * rows + torch.arange(rows)
    take, steer = _placed(place.flatten(), wipe, (length + added) * rows)
    steer[place[cut] - rows] = WIPE
    columns = torch.arange(rows)
    return _plan([(length + added, rows)], steer, take, place.flatten(), columns, columns, device)


def _in_pieces(cut: torch.Tensor, wipe: torch.Tensor, device: torch.device) -> Plan:
    """Cut every row into pieces, the longest first, in groups of similar length."""
    length, rows = cut.shape
    begins = cut.clone()
    begins[0] = True
    piece = begins.T.flatten().cumsum(dim=0) - 1  # [R * T], row by row
    lengths = piece.bincount()
    order = lengths.argsort(descending=True, stable=True)
    rank = torch.empty_like(order)
    rank[order] = torch.arange(len(order))
    groups: list[tuple[int, int]] = []
    first_rank, offset = [], []
    edges = _edges(lengths[order].tolist())
    for low, high in pairwise(edges):
        offset.append(sum(steps * count for steps, count in groups))
        first_rank.append(low)
        groups.append((int(lengths[order[low]]), high - low))
    group = torch.bucketize(rank, torch.tensor(edges[1:]), right=True)
    count = torch.tensor([count for _, count in groups])
    start = lengths.cumsum(dim=0) - lengths  # of each piece among the [R * T] cells
    step = torch.arange(length * rows) - start[piece]
    of_piece = torch.tensor(offset)[group] + rank - torch.tensor(first_rank)[group]
    place = (of_piece[piece] + step * count[group][piece]).view(rows, length).T.flatten()
    take, steer = _placed(place, wipe, sum(steps * count for steps, count in groups))
    row = start.div(length, rounding_mode="floor")
    first = torch.where(start % length == 0, row, rows)[order]
    last = rank[piece.view(rows, length)[:, -1]]
    return _plan(groups, steer, take, place, first, last, device)


def _edges(lengths: list[int]) -> list[int]:
    """Return where groups of descending `lengths` begin, and the end; few groups, at most a tenth padding."""
    edges, cells = [0, len(lengths)], sum(lengths)
    steps = [i for i in range(1, len(lengths)) if lengths[i] < lengths[i - 1]]
    padded = lengths[0] * len(lengths)
    while padded - cells > MOST_PADDING * padded:
        saved: dict[int, int] = {}
        for low, high in pairwise(edges):
            saved |= {i: (lengths[low] - lengths[i]) * (high - i) for i in steps if low < i < high}
        best = max(saved, key=saved.__getitem__)
        edges = sorted([*edges, best])
        padded -= saved[best]
    return edges


def _placed(place: torch.Tensor, wipe: torch.Tensor, cells: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return `take` and `steer` of `cells` places; where nothing is put, the state is held."""
    take, steer = torch.full((cells,), -1), torch.full((cells,), HOLD)
    take[place] = torch.arange(len(place))
    steer[place] = wipe.flatten() * WIPE
    return take, steer


def _plan(
    groups: list[tuple[int, int]],
    steer: torch.Tensor,
    take: torch.Tensor,
    place: torch.Tensor | None,
    first: torch.Tensor,
    last: torch.Tensor,
    device: torch.device,
) -> Plan:
    there = None if place is None else place.to(device)
    return Plan(tuple(groups), steer.to(device), take.to(device), there, first.to(device), last.to(device))
