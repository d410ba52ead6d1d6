"""A column of text that is stored deflated: half the room of what PostgreSQL makes of three thousand characters."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from django.db import models


def pack(text: str) -> bytes:
    """Return text as it is stored; '' is empty."""
    return zlib.compress(text.encode("utf-8"), 6) if text else b""


def unpack(stored: bytes) -> str:
    """Return stored text. Raises zlib.error when it is not what `pack` made."""
    return zlib.decompress(stored).decode("utf-8") if stored else ""


if TYPE_CHECKING:
    _Text = models.Field[str, str]
else:
    _Text = models.Field


class PackedTextField(_Text):
    """Text for Python, bytes for the database: it can be compared with '' there and not searched."""

    def get_internal_type(self) -> str:
        """Be a column of bytes."""
        return "BinaryField"

    def get_prep_value(self, value: Any) -> Any:
        """Pack what is asked for or written."""
        value = super().get_prep_value(value)
        return pack(value) if isinstance(value, str) else value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Hand bytes to the driver."""
        value = super().get_db_prep_value(value, connection, prepared)
        return None if value is None else connection.Database.Binary(value)

    def from_db_value(self, value: Any, _expression: Any, _connection: Any) -> str | None:
        """Unpack what is read."""
        return None if value is None else unpack(bytes(value))

    def to_python(self, value: Any) -> Any:
        """Return text as it is."""
        return value

    def value_to_string(self, obj: models.Model) -> str:
        """Return the text, for serializers."""
        return str(self.value_from_object(obj))
