"""What is this submission worth: the steps from a folder of files to a result."""
