"""Server-sent events: the socket's events for clients without one, resumable by `Last-Event-ID`."""
