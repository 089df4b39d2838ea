"""When a command ends after a signal; imports nothing: a signal may come in the middle of an import."""

give_up_at: float | None = None  # of time.monotonic(): nothing is waited for beyond; None: no signal has come
