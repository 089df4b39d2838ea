"""Training window -> policy by gradients through the ledger; the parts of `direct_policy_gradient`."""
