"""How much of what there is to learn agents learn in a minute, and in five."""
