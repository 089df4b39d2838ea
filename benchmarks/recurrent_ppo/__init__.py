"""Speed of recurrent PPO beside sb3-contrib's."""
