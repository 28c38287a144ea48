"""The memory: tables, every statement, the engine, migrations. The only package that imports SQLAlchemy."""
