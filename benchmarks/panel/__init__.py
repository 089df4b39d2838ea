"""Building, opening and sharing panels; reading a file of bars."""
