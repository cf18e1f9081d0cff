"""The wall: two sandboxes, a filter of system calls, limits, and the session across it."""
