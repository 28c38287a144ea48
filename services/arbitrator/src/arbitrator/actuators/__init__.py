"""How a decision reaches the fleet, behind one seam (`contract`)."""
