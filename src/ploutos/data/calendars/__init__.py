"""Trading calendars: a first and a last date -> the sessions between them, with open and close times."""
