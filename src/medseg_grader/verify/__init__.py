"""Is it sound: solutions keep all points, mistakes lose theirs and earn their own hint."""
