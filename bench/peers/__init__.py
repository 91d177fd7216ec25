"""What a user would take instead, living the same life on the same PostgreSQL server."""
