"""What looks at a training step: hooks, norms, samples and clocks."""
