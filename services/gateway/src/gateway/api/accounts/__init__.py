"""`/v1/accounts`: the accounts of people, for administrators."""
