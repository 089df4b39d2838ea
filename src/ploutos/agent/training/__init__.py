"""What trainers share: boundaries, checkpoints, evaluation on the validation window."""
