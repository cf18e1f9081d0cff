"""Part *fixes* of the course."""
