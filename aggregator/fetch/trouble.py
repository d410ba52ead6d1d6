"""What went wrong on the way, in one sentence and a stable code."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl

import aiohttp

from aggregator.errors import AggregatorError, FetchError
from aggregator.errors import gettext_noop as _

log = logging.getLogger(__name__)

NETWORK_CODES = frozenset({"no_such_host", "no_connection"})  # may be our own line


def as_fetch_error(error: BaseException, total_seconds: float) -> AggregatorError:
    """Return the FetchError that stands for any error of a fetch; our own errors are returned as they are."""
    for each in _chain(error):
        if isinstance(each, AggregatorError):
            return each
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return FetchError(_("The server does not take a connection in time."), code="no_connection")
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        return FetchError(
            _("No whole answer within %(seconds)s seconds."),
            code="timeout",
            facts={"seconds": f"{total_seconds:g}"},
        )
    if isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLError | aiohttp.ClientSSLError):
        return FetchError(_("The server's certificate cannot be trusted."), code="bad_certificate")
    if isinstance(error, aiohttp.ClientConnectorDNSError | socket.gaierror):
        return FetchError(_("The host name is not known."), code="no_such_host")
    if isinstance(error, aiohttp.ClientPayloadError):
        return FetchError(_("The answer ends in the middle."), code="cut_short")
    return _other(error)


def _other(error: BaseException) -> FetchError:
    if isinstance(error, aiohttp.ServerDisconnectedError | ConnectionResetError):
        return FetchError(_("The server closed the connection without an answer."), code="no_answer")
    if isinstance(error, aiohttp.ClientResponseError | aiohttp.http_exceptions.HttpProcessingError):
        return FetchError(_("The server's answer is not valid HTTP."), code="bad_answer")
    if isinstance(error, aiohttp.InvalidURL | ValueError):
        return FetchError(_("The address cannot be read."), code="bad_address", permanent=True)
    if isinstance(error, aiohttp.ClientConnectionError | OSError):
        return FetchError(_("No connection to the server."), code="no_connection")
    log.error("fetch_failed_unexpectedly", exc_info=error)
    return FetchError(
        _("The request failed (%(error)s)."), code="fetch_failed", facts={"error": type(error).__name__}
    )


def _chain(error: BaseException | None) -> list[BaseException]:
    """Return an error with what it was raised from, as aiohttp wraps our own refusals."""
    found: list[BaseException] = []
    while error is not None and error not in found and len(found) < 10:
        found.append(error)
        inner = getattr(error, "os_error", None)
        error = error.__cause__ or (inner if inner is not error else None) or error.__context__
    return found
