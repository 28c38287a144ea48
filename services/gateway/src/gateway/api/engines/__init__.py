"""`/v1/models`: the engines, their licences, and which are offered now."""
