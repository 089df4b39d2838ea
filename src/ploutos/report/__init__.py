"""A `Study` and its `Verdict` in, a page and a terminal summary for people out."""
