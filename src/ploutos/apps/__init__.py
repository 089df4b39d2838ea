"""The command line: thin mains, one a verb."""
