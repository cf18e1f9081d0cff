"""Many submissions at once: one grader for each core, or the workers of a cluster."""
