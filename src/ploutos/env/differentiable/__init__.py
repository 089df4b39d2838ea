"""The parts of the Torch market: a tape and a ledger as tensors, one bar as differentiable functions."""
