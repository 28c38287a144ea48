"""`/v1/queue`, for operators: waiting jobs, dead letters, retry, drop."""
