"""Try-ons: submit, follow, list, cancel, delete. `/api/snap` and `/api/status` are founding names."""
