"""Splits, dividends, names and ends of companies: raw bars -> bars by permanent name, actions, delistings."""
