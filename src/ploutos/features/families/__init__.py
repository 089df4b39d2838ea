"""Families of features: each module declares some, as functions from windows to `Feature`s."""
