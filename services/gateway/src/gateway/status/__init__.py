"""What a client sees of rows, and of the queue's latest word."""
