"""Structured logs: one event per fact, a constant snake_case name, facts as fields from a fixed list.

log.info("feed_polled", extra={"feed_id": 7, "outcome": "new", "duration_ms": 120})

What libraries say goes through `scrub`, so that no secret, token, mail address or row gets into a log.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Sequence
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


SHORTEST_SECRET = 6  # characters; shorter ones would blank out common words
_RULES = [
    (re.compile(r"://[^/\s@]+@"), "://…@"),
    (
        re.compile(
            r"(?i)\b(password|passwd|secret|secret_key|token|otp_token|authorization|api[_-]?key|sessionid|csrftoken)"
            r"(['\"]?\s*[:=]\s*['\"]?)(?:bearer\s+|basic\s+)?[^\s'\",;&)]+"
        ),
        r"\1\2…",
    ),
    (re.compile(r"(?i)\bbearer\s+\S+"), "Bearer …"),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), "…@…"),
    # What PostgreSQL tells of a row that it refuses is the row: an article's text, a reader's address.
    (re.compile(r"DETAIL:\s.*?(?=\n\n|\Z)", re.DOTALL), "DETAIL: …"),
]
_LONG_PART = re.compile(r"/[\w:=-]{24,}(?=[/?\s]|$)")  # of an address: a token, or a slug, which is no loss


class Shape(logging.Formatter):
    """What both shapes share: facts from the list, and words without secrets."""

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        super().__init__()
        self.secrets = sorted({s for s in secrets if len(s) >= SHORTEST_SECRET}, key=len, reverse=True)

    def scrub(self, words: str, logger: str = "") -> str:
        """Return words without what must not be logged."""
        for secret in self.secrets:
            words = words.replace(secret, "…")
        for pattern, instead in _RULES:
            words = pattern.sub(instead, words)
        return _LONG_PART.sub("/…", words) if logger.startswith("django") else words

    def facts(self, record: logging.LogRecord) -> dict[str, Any]:
        """Return the allowed fields; words among them are scrubbed too."""
        return {
            name: self.scrub(value) if isinstance(value, str) else value
            for name, value in facts(record).items()
        }

    def event(self, record: logging.LogRecord) -> str:
        """Return what is said, scrubbed."""
        return self.scrub(record.getMessage(), record.name)

    def traceback(self, record: logging.LogRecord) -> str:
        """Return the traceback, scrubbed; '' when there is none."""
        return self.scrub(self.formatException(record.exc_info), record.name) if record.exc_info else ""


class Lines(Shape):
    """One line a fact, for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Return time, level, event and its facts."""
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        words = " ".join(f"{name}={value}" for name, value in self.facts(record).items())
        line = f"{moment} {record.levelname.lower()} {self.event(record)} {words}".rstrip()
        return f"{line}\n{traceback}" if (traceback := self.traceback(record)) else line


class Json(Shape):
    """One JSON object a line, for a collector."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the same facts as an object."""
        shown = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": self.event(record),
            **self.facts(record),
        }
        if traceback := self.traceback(record):
            shown["traceback"] = traceback
        return json.dumps(shown, default=str, ensure_ascii=False)


def settings(*, level: str, shape: str, secrets: Sequence[str] = ()) -> dict[str, Any]:
    """Return Django's LOGGING; `secrets` are values that no line may hold."""
    formatter = {
        "()": f"newsroom.logging.{'Json' if shape == 'json' else 'Lines'}",
        "secrets": [*filter(None, secrets)],
    }
    # axes names whoever fails to sign in, and from where; sign_in_failed says that it happened.
    quiet: dict[str, dict[str, Any]] = {"axes": {"level": "ERROR"}}
    quiet |= {name: {"level": "WARNING"} for name in ("celery", "kombu", "amqp", "trafilatura", "htmldate")}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"facts": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "facts"}},
        "root": {"handlers": ["stderr"], "level": level.upper()},
        "loggers": quiet | {"django.security.DisallowedHost": {"level": "CRITICAL"}},
    }
