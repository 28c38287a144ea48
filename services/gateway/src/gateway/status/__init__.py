"""The client view: what a client sees of rows, and of the queue."""
