"""Losses, metrics and heads."""
