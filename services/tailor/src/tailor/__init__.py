"""Prepares pictures: upload to photo, garment to cut-out, person to parse and masks."""
