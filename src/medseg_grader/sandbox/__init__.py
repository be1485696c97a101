"""What student code can reach. Nothing is imported here, as this file is shown inside it."""
