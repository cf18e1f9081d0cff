"""How often the gradient monitor is right, measured on runs that are labelled by their outcome."""
