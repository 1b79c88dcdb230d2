"""Jobs that are interrupted at random moments, and children that are forked beside threads that read."""
