"""Files in, files out: the transactional Parquet transform."""
