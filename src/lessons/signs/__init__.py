"""Part *signs* of the course."""
