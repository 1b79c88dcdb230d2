"""Files as sources: Parquet and CSV."""
