"""Comparing featurecols with TensorFlow on a user's own data."""
