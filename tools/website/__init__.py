"""What the website does otherwise than its theme: fewer bytes, stored frames, formulas, search."""
