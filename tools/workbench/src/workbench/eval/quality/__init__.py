"""Measures pictures: background, identity, text, colour, texture, shape, NSFW, each 0..1 with a reason; on CPU, no hub."""
