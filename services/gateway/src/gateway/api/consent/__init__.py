"""`/v1/consent`: what a shopper agrees to before the first photo; and `/v1/retention`: how long data is kept."""
