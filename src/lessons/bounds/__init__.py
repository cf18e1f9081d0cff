"""Part *bounds* of the course."""
