"""The input pipeline: labelled rows, batches, caching and prefetching."""
