"""One module for each version of the tables; Alembic runs them in order."""
