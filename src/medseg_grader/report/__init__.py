"""What do we tell whom: feedback for students, grades for platforms, pages for instructors."""
