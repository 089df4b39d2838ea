"""Panel + execution -> a batched environment of portfolios."""
