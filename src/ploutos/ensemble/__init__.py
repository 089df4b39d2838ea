"""Policies -> one policy: how the members of a council decide together."""
