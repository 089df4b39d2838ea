"""Families of features: each module declares the features of one kind."""
