"""Policies in training, judged on the validation window -> which to keep and when to stop."""
