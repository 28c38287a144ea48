"""What every worker is: claims, heartbeat, status, retrying, weights."""
