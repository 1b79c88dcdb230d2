"""Translations of plans and models for other libraries and services, one module each, loaded only when it is imported."""
