"""Results: a stable address that checks ownership and leads to a fresh signed URL."""
