"""What goes: sweeps, erasure, retention."""
