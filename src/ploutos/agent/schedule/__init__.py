"""Share of the training that is done -> factor of the learning rate."""
