"""VTON entries: a person's photo and a garment, kept; submitted by `/catvton/transferOutfit`."""
