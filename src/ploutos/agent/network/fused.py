"""Whole sequences with resets through fused LSTM calls, without a loop over time."""

from itertools import accumulate
from typing import Any

import torch
import torch.nn.functional as nnf
from torch import nn

from ploutos.agent.network.sequence_plan import HOLD, WIPE, Plan, plan_cells

State = tuple[torch.Tensor, torch.Tensor]
Weights = list[torch.Tensor]
SURELY = 1e20  # a gate with this much in front of its sigmoid is 0 or 1 to the last bit, and its slope 0


def run_lstm(
    lstm: nn.LSTM,
    x: torch.Tensor,
    resets: torch.Tensor,
    state: State,
    active: torch.Tensor | None = None,
) -> tuple[torch.Tensor, State]:
    """Run T steps like a loop over time that clears the state of the rows that `resets` names before each.

    A reset inside a sequence becomes a step of its own, inserted before the row's next one: it closes input
    and forget gates, which leaves exactly zero. Where that would add more than a tenth of padding, rows are
    cut at their resets instead, and the pieces put into groups of similar length. The padding behind a piece
    keeps the forget gate open, so that its last cell state arrives unchanged.

    Parameters
    ----------
    lstm : unidirectional, without projections; any number of layers.
    x : [T, R, I], T steps of R independent rows; finite.
    resets : [T, R], non-zero where the state is cleared before the step.
    state : hidden and cell [layers, R, H] before the first step.
    active : [T, R], 0 where a row takes no part: its output is 0 there, and so is its state after that step.

    Returns
    -------
    Outputs [T, R, H] and the state after the last step.
    """
    if lstm.bidirectional or lstm.proj_size or lstm.batch_first:
        raise ValueError("run_lstm: time first, one direction, no projections")
    keep = (resets[0] == 0).to(x.dtype).view(1, -1, 1)
    hidden, cell = state[0] * keep, state[1] * keep
    plan = None if len(x) == 1 else plan_cells(resets, active, x.device)
    ends = []
    for layer in range(lstm.num_layers):
        if layer and lstm.dropout:
            x = nnf.dropout(x, lstm.dropout, lstm.training)
        x, end = _layer(_weights(lstm, layer), x, plan, (hidden[layer : layer + 1], cell[layer : layer + 1]))
        if len(x) == 1 and active is not None:  # one step: the shapes do not depend on who is active
            there = active.to(x.dtype).unsqueeze(-1)
            x, end = x * there, (end[0] * there, end[1] * there)
        ends.append(end)
    return x, (torch.cat([h for h, _ in ends]), torch.cat([c for _, c in ends]))


def _layer(weights: Weights, x: torch.Tensor, plan: Plan | None, state: State) -> tuple[torch.Tensor, State]:
    """Run one layer over the cells of `plan`."""
    if plan is None:
        return _fused(weights, x, None, state)
    if plan.place is None:
        return _fused(weights, x, plan.steer.view(x.shape[:2]), state)
    cells = _move(x.flatten(0, 1), plan.take, plan.place)
    # One row of zeros more, for the pieces that begin with a reset.
    begin = [nnf.pad(part, (0, 0, 0, 1)).index_select(1, plan.first) for part in state]
    outputs, lasts, at, column = [], [], 0, 0
    for steps, count in plan.groups:
        here, rows = slice(at, at + steps * count), slice(column, column + count)
        out, (_, last) = _fused(
            weights,
            cells[here].view(steps, count, -1),
            plan.steer[here].view(steps, count),
            (begin[0][:, rows], begin[1][:, rows]),
        )
        outputs.append(out.flatten(0, 1))
        lasts.append(last)
        at, column = here.stop, rows.stop
    out = _move(torch.cat(outputs), plan.place, plan.take).view(*x.shape[:2], -1)
    return out, (out[-1:], torch.cat(lasts, dim=1).index_select(1, plan.last))


def _fused(
    weights: Weights, x: torch.Tensor, steer: torch.Tensor | None, state: State
) -> tuple[torch.Tensor, State]:
    """Make one fused call; `steer` [T, R] says which cells wipe or hold the state."""
    if steer is not None:
        w_input, w_hidden, *biases = weights
        width = w_hidden.shape[1]
        # In the order of Torch's gates: input, forget, cell, output.
        gates = w_input.new_zeros(4, width, 2)
        gates[0], gates[1, :, 0], gates[1, :, 1] = -SURELY, -SURELY, SURELY
        parts = [torch.cat([w_input, gates.view(-1, 2)], dim=1), w_hidden, *biases]
        weights = parts
        marks = torch.stack([steer == WIPE, steer == HOLD], dim=-1).to(x.dtype)
        x = torch.cat([x, marks], dim=-1)
    if x.is_cuda and len({weight.untyped_storage().data_ptr() for weight in weights}) > 1:
        weights = _one_chunk(weights)  # slices of stacked weights
    start = (state[0].contiguous(), state[1].contiguous())
    train = torch.is_grad_enabled()
    out, hidden, cell = torch.lstm(x, start, weights, len(weights) > 2, 1, 0.0, train, False, False)
    return out, (hidden, cell)


def _weights(lstm: nn.LSTM, layer: int) -> Weights:
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh") if lstm.bias else ("weight_ih", "weight_hh")
    return [getattr(lstm, f"{name}_l{layer}") for name in names]


def _one_chunk(weights: Weights) -> Weights:
    """Return the same weights side by side in memory, as cuDNN wants them."""
    flat = torch.cat([weight.reshape(-1) for weight in weights])
    ends = list(accumulate(weight.numel() for weight in weights))
    return [flat[end - w.numel() : end].view(w.shape) for end, w in zip(ends, weights, strict=True)]


class _Move(torch.autograd.Function):
    """Rows to other places, -1 = zeros; every row goes to one place at most, so back is a move as well."""

    @staticmethod
    def forward(ctx: Any, rows: torch.Tensor, take: torch.Tensor, back: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(back)
        return _taken(rows, take)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (back,) = ctx.saved_tensors
        return _taken(gradients[0].contiguous(), back), None, None


_move: Any = _Move.apply


def _taken(rows: torch.Tensor, take: torch.Tensor) -> torch.Tensor:
    taken = rows.index_select(0, take.clamp(min=0))
    return taken.masked_fill_((take < 0).unsqueeze(-1), 0.0)
