"""A `Study` in, a `Verdict` out: checks that can be failed, composed into suites."""
