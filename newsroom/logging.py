"""Structured logs: one event per fact, a constant snake_case name, facts as fields from a fixed list.

log.info("feed_polled", extra={"feed_id": 7, "outcome": "new", "duration_ms": 120})
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

FIELDS = (
    *("article", "story", "feed", "source", "host", "region", "topic", "conflict"),
    *("article_id", "story_id", "feed_id", "source_id", "host_id"),
    *("stage", "task", "queue", "command", "outcome", "code", "reason", "error", "status", "kind", "rule"),
    *("articles", "stories", "items", "changed", "digest", "gone", "left_out", "looked_at", "count"),
    *("new_count", "failed_count", "bytes", "duration_ms", "attempt", "version"),
)


def facts(record: logging.LogRecord) -> dict[str, Any]:
    """Return the allowed fields of a record; others are dropped, so that no text or reader leaks."""
    return {field: record.__dict__[field] for field in FIELDS if field in record.__dict__}


class Lines(logging.Formatter):
    """One line a fact, for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Return time, level, event and its facts."""
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        words = " ".join(f"{name}={value}" for name, value in facts(record).items())
        line = f"{moment} {record.levelname.lower()} {record.getMessage()} {words}".rstrip()
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class Json(logging.Formatter):
    """One JSON object a line, for a collector."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the same facts as an object."""
        shown = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **facts(record),
        }
        if record.exc_info:
            shown["traceback"] = self.formatException(record.exc_info)
        return json.dumps(shown, default=str, ensure_ascii=False)


def settings(*, level: str, shape: str) -> dict[str, Any]:
    """Return Django's LOGGING."""
    formatter = {"()": f"newsroom.logging.{'Json' if shape == 'json' else 'Lines'}"}
    quiet = {
        name: {"level": "WARNING"} for name in ("celery", "kombu", "amqp", "trafilatura", "htmldate", "axes")
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"facts": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "facts"}},
        "root": {"handlers": ["stderr"], "level": level.upper()},
        "loggers": quiet | {"django.security.DisallowedHost": {"level": "CRITICAL"}},
    }
