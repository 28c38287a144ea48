"""From a request to rows: photos, a try-on's needs, and the commit."""
