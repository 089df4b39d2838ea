"""What an agent is paid for; one file a reward."""
