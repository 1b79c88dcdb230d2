"""Doors to other libraries, each loaded when it is asked for and imported by nobody here."""
