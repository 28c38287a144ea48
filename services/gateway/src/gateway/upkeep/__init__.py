"""Deletion of data: sweeps, erasure, retention."""
