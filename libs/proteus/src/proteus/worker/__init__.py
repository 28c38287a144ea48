"""The common parts of every worker: claims, heartbeat, status, retrying, weights."""
