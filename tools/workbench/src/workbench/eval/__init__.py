"""Measures how well pictures are understood, on sets that are drawn here because their truth is then known."""
