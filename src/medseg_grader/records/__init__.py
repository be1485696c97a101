"""What is kept: results as files, and nbgrader's gradebook."""
