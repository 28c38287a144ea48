"""Authentication: guest tokens."""
