"""What calsync remembers: SQLAlchemy Core tables, their migrations, and the store over them."""
