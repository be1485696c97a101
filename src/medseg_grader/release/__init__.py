"""What do students get: notebooks, hints, and one zip file."""
