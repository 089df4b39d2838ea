"""How a CSV file is written: found in the file itself, told, and never guessed at."""
