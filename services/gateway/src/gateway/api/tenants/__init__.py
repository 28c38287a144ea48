"""`/v1/tenants`: what each tenant may use of the fleet, for administrators."""
