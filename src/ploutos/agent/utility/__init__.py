"""What a policy is worth over a window of bars, as a number that gradients flow from; one file a utility."""
