"""What trainers share: boundaries, checkpoints, generators, the device."""
