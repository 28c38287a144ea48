"""Users: yourself, and for operators everyone."""
