"""Cells: one field over some rows, whatever its physical form."""
