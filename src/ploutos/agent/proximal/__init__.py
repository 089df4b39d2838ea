"""Rollouts of an environment -> proximal policy updates through whole sequences."""
