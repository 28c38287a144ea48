"""The arbitrator's decisions."""
