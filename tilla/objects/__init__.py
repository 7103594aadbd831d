"""What a project declares: one module per kind of object."""
