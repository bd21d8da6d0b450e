"""One module per thing that is measured; each yields result lines."""
