"""Photos: signed uploads and downloads, and what you have."""
