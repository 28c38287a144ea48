"""The weavers: the watch over the registry, readiness, and what can be served."""
