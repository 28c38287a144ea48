"""Measures how well parsers and previews work, on sets of pictures that are drawn here so that their truth is known."""
