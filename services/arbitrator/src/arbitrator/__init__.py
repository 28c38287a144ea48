"""Observes the queue and the fleet, decides and acts, every half second."""
