"""Measures how good try-ons are: background, identity, text, colour, texture, shape, NSFW, each with a reason."""
