"""`/v1/queue`, for operators: what waits, what is dead, try again, drop."""
