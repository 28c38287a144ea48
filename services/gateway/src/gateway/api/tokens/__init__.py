"""`/v1/tokens`: short-lived tokens for shoppers' browsers, minted by a shop's server with its key."""
