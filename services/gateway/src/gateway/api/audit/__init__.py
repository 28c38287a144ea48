"""`/v1/audit`: what administrators, tenants' staff and API keys did."""
