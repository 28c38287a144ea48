"""The parsers, behind one seam (`contract`)."""
