"""Pages of the work on tickets: one folder per audience."""
