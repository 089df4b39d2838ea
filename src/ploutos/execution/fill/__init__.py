"""At which price of the next bar orders fill; one file a variant."""
