"""Durable job queues on Redis lists, and their in-memory twin."""
