"""What runs inside the sandbox, in one process with the submission. Nobody believes it."""
