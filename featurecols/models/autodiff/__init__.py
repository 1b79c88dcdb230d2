"""Reverse-mode differentiation and the variables of a model."""
