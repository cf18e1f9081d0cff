"""Part *causes* of the course."""
