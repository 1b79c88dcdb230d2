"""Estimators: models over columns, trained, evaluated, exported and loaded."""
