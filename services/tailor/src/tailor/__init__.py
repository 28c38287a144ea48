"""Cuts: photo to clean photo, garment to cut-out, person to parse and mask."""
