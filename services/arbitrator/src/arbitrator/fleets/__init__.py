"""`WeaverFleet`: what a fleet's owner declares, and what follows from it. Pure but for the board."""
