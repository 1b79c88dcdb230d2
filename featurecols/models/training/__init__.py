"""The training loop, hooks, history and checkpoints."""
