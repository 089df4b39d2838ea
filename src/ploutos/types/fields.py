"""The fields of a bar, in the order in which a panel holds them side by side."""

OPEN, HIGH, LOW, CLOSE, VOLUME = range(5)
