"""What a grading comes to for people: marks, tables, pages, and what a person decided."""
