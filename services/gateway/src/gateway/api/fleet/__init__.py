"""`/v1/fleet`: fleet readiness and warm-up, open to every caller."""
