"""The operator: follows `WeaverFleet` objects, keeps their ScaledObjects, and writes their status."""
