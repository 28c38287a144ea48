"""Health: for people (`/health`; the inner port's has the numbers), for the kubelet (`/healthz`, `/readyz`)."""
