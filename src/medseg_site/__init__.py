"""What does a visitor without Python see: the course as a folder of pages.

`medseg site` writes it; nothing in it is loaded from elsewhere, and no page holds a solution.
"""
