"""`/v1/keys`: a tenant's API keys, for its owner (scope `keys`) and for administrators."""
