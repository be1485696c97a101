"""What the Validate button needs to know; nbgrader reads it where JupyterLab was started."""

c = get_config()  # noqa: F821

# Seconds that a cell may take, as when your notebook is graded.
c.Execute.timeout = 300
