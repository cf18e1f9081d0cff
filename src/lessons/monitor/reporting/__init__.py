"""What was found, as text, tables and a picture."""
