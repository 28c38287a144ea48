"""`/v1/usage`: what jobs used and cost, and the caps on it."""
