"""Judges: observe, decide, act, every half second."""
