"""Weaves: jobs to pictures, in batches."""
