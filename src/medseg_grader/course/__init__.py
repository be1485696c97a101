"""What do I teach: the units of the course in the current folder, and stock nbgrader on them."""
