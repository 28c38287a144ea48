"""Measurements: each module prints figures for people and one JSON line for machines."""
