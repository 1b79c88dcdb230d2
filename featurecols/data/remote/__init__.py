"""Data behind URLs: object stores, web servers and what fsspec reads."""
