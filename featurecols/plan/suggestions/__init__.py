"""Suggested columns: what data looks like, what it says of a label, and the columns that suit it."""
