"""Rows in: batches of any kind of table, file or iterator, and their fields."""
