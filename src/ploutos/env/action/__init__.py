"""How a policy's action becomes target weights; one file an action space."""
