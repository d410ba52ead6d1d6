"""Django's PostgreSQL backend, with embedded servers started at the first connection."""
