"""Who are you: guest tokens."""
