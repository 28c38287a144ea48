"""The engines, behind one seam (`contract`)."""
