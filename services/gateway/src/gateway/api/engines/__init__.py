"""`/v1/models`: which engines there are, under which licences, and which can be had now."""
