"""Authentication: guest tokens, and accounts with passwords."""
