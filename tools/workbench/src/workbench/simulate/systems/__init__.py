"""The systems compared: ours is the production code, the rivals are their published rules."""
