"""`/v1/webhooks`: a tenant's endpoints, their secrets and their deliveries; for API keys of the scope `webhooks`."""
