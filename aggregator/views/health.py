"""Is the site alive, and is it ready? For load balancers and health checks."""

from __future__ import annotations

from collections.abc import Callable

from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from aggregator.services import status


def healthz(request: HttpRequest) -> HttpResponse:
    """Answer as long as the process answers."""
    return _plain(JsonResponse({"status": "ok"}))


def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when database, broker and migrations are as they should be, 503 otherwise."""
    found = {name: _try(check) for name, check in CHECKS.items()}
    ready = all(words == "ok" for words in found.values())
    answer = {"status": "ok" if ready else "not ready", **found}
    return _plain(JsonResponse(answer, status=200 if ready else 503))


def status_json(request: HttpRequest) -> HttpResponse:
    """Answer how the line is; no field changes while nothing happens."""
    return _plain(JsonResponse(status.facts()))


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _broker() -> str:
    cache.get("readyz")
    return "ok"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(waiting)} to apply" if waiting else "ok"


CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "broker": _broker,
    "migrations": _migrations,
}


def _try(check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception as error:  # whatever it is, the answer is "not ready"; no detail for strangers
        return f"failed ({type(error).__name__})"


def _plain(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
