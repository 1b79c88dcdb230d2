"""How a plan runs: its operations over blocks of rows, and over one row."""
