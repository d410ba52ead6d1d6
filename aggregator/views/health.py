"""Is the site alive, and is it ready? For load balancers and health checks."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare

from aggregator import clock
from aggregator.services import metrics, status

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


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


def figures(request: HttpRequest) -> HttpResponse:
    """Answer the figures of the line for Prometheus, to staff and to who knows METRICS_TOKEN."""
    if not (_has_token(request) or _is_staff(request)):
        raise Http404  # strangers need not learn that it is here
    return _plain(HttpResponse(metrics.render(clock.now()), content_type=METRICS_TYPE))


def _has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.METRICS_TOKEN
    return bool(wanted) and scheme.lower() == "bearer" and constant_time_compare(token.strip(), wanted)


def _is_staff(request: HttpRequest) -> bool:
    return request.user.is_active and request.user.is_staff


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
