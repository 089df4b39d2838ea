"""A package of one's own, as a user would trust it: a cheap agent that learns and can be interrupted."""
