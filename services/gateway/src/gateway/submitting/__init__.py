"""From a request to rows: photos, what a try-on needs, and the commit."""
