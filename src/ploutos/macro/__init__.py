"""Daily macro series -> zero-neutral columns, as-of joined on the bars' close times."""
