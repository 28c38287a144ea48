"""What is kept of users: sweeps, erasure, retention, export."""
