"""Runs formulas over bars: columns built from columns, compiled once into a program for one kernel."""
