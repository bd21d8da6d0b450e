"""Addresses of the tickets room, one module per door: customer, desk."""
