"""Training of one model by several processes: each has some rows of every batch, all take the same steps."""
