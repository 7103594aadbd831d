"""What is there, what should be, and the steps between the two."""
