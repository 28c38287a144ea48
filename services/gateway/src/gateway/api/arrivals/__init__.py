"""`/v1/queue/arrivals`, for operators: the record of demand, which replays read."""
