"""Alembic's migrations, inside the package so that wheels and images carry them."""
