"""Turns jobs into pictures, in batches."""
