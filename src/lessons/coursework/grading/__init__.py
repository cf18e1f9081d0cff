"""One submission: its tests run here, what it defines runs in the sandbox."""
