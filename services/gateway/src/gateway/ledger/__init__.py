"""The memory: tables, every statement, the engine, migrations. The only room that knows SQLAlchemy."""
