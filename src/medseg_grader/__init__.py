"""What instructors run: release the course, prove that it is sound, grade it."""
