"""Machine -> workers and threads; used by every stage that runs in parallel."""
