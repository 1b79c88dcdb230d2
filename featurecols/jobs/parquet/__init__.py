"""Parquet files whose columns are encoded at once on several threads, with the same bytes for any number of them."""
