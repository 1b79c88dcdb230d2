"""Plans: declared columns bound to what was learned, and how they run."""
