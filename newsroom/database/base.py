"""Django's PostgreSQL backend, with embedded servers started at the first connection."""

from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base

from newsroom import local
from newsroom.database import times


class DatabaseWrapper(base.DatabaseWrapper):
    """The same, so that a command that asks the database nothing starts nothing."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Open a connection; servers of this machine are attached to or started first."""
        local.on_connect(
            settings.DATA_DIR,
            want_postgres=settings.EMBEDDED_POSTGRES,
            want_redis=settings.EMBEDDED_REDIS,
            who=" ".join(sys.argv[1:2]) or "a command",
        )
        connection = super().get_new_connection(conn_params)
        times.register(connection)
        return connection
