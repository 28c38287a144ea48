"""Batches: many pictures at once, made with what nothing else needs."""
