"""Shapes of what people type: one module per audience."""
