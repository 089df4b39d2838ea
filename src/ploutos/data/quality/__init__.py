"""Bars as read -> the bars that can be believed, and a report of everything found in them."""
