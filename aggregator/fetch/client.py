"""The one door through which anything is fetched: bounded in time, size, hops and addresses.

Nothing is cut short and used: an answer that is too large, too slow or broken is an error. aiohttp
is met only here. Behind a proxy the address check sees the proxy alone: names are then resolved by
it, and the guard can only judge addresses that are written as numbers.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import aiohttp
from aiohttp.abc import AbstractResolver

from aggregator.errors import FetchError, RefusedError
from aggregator.errors import gettext_noop as _
from aggregator.fetch.addresses import Guard, Network, as_address, is_in
from aggregator.fetch.decoding import decoded_again, decoder_for
from aggregator.fetch.messages import DEFAULT_LIMITS, Answer, Limits, Request, StatusError
from aggregator.fetch.sockets import CheckedNames, socket_for, tls
from aggregator.fetch.trouble import as_fetch_error
from aggregator.fetch.turns import Turns
from aggregator.pipeline.urls import canonical_url, host_key, port_of

REDIRECTS = {301, 302, 303, 307, 308}
PERMANENT = {301, 308}
MAX_HEADER = 16_384  # bytes of one header line
MAX_HEADERS = 200
LARGE_BODY = 1_000_000  # bytes; only a few bodies above it are held at once
LARGE_AT_ONCE = 6


class Web:
    """Makes requests inside one event loop. Use it as an async context manager."""

    def __init__(
        self,
        *,
        user_agent: str,
        limits: Limits = DEFAULT_LIMITS,
        allowed: tuple[Network, ...] = (),
        proxy: str = "",
        resolver: AbstractResolver | None = None,
        turns: Turns | None = None,
    ) -> None:
        self.turns = turns or Turns()
        self.user_agent, self.limits, self.allowed, self.proxy = user_agent, limits, allowed, proxy
        self._resolver = resolver
        self._sessions: dict[Guard, aiohttp.ClientSession] = {}
        self._homes: dict[str, Guard] = {}

    async def __aenter__(self) -> Web:
        self._names = self._resolver or aiohttp.ThreadedResolver()
        self._slots = asyncio.Semaphore(self.limits.concurrency)
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)
        return self

    async def __aexit__(self, *_: object) -> None:
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    @contextlib.asynccontextmanager
    async def get(self, request: Request) -> AsyncIterator[Answer]:
        """Fetch, and hold a place among the few large bodies until the caller is done with the answer.

        Raises FetchError (RefusedError for what our own guard refuses) on everything but 200 and 304.
        """
        async with contextlib.AsyncExitStack() as held:
            async with self._slots:
                answer = await self._timed(request, held)
            yield answer

    async def post(self, url: str, fields: Mapping[str, str], *, home: str) -> int:
        """Send a form and return the status of the answer, which is not read; redirects are not followed.

        Raises FetchError as `get` does.
        """
        spent = _Spent(self.limits.total_seconds)
        options: dict[str, Any] = {"proxy": self.proxy} if self.proxy else {}
        try:
            guard = await self._guard(home)
            guard.check_url(url)
            async with (
                self._slots,
                self.turns.turn(host_key(url)),
                spent.timed(),
                self._session(guard).post(url, data=fields, allow_redirects=False, **options) as response,
            ):
                return response.status
        except Exception as error:
            raise as_fetch_error(error, self.limits.total_seconds) from error

    async def _timed(self, request: Request, held: contextlib.AsyncExitStack) -> Answer:
        spent = _Spent(self.limits.total_seconds)
        try:
            answer = await self._follow(request, held, spent)
        except Exception as error:
            raise as_fetch_error(error, self.limits.total_seconds) from error
        return _with(answer, seconds=spent.seconds)

    async def _follow(self, request: Request, held: contextlib.AsyncExitStack, spent: _Spent) -> Answer:
        guard = await self._guard(request.home or request.url)
        url, is_permanent = request.url, True
        for hop in range(self.limits.redirects + 1):
            guard.check_url(url)
            async with self.turns.turn(host_key(url)), spent.timed():
                answer, target = await self._once(url, request, guard, held)
            if answer is not None:
                moved = url if hop and is_permanent else ""
                return _with(answer, hops=hop, permanent_url=moved)
            url, is_permanent = target.url, is_permanent and target.status in PERMANENT
        raise FetchError(
            _("More than %(count)s redirects."),
            code="too_many_redirects",
            facts={"count": self.limits.redirects},
        )

    async def _guard(self, home: str) -> Guard:
        key = host_key(home)
        if key not in self._homes:
            inside = bool(self.allowed) and await self._is_allowed(key.rpartition(":")[0])
            self._homes[key] = Guard(self.allowed, port_of(home), inside)
        return self._homes[key]

    async def _is_allowed(self, host: str) -> bool:
        literal = as_address(host)
        if literal is not None:
            return is_in(literal, self.allowed)
        try:
            found = await self._names.resolve(host, 0, socket.AF_UNSPEC)
        except OSError:
            return False
        addresses = [as_address(each["host"]) for each in found]
        return bool(addresses) and all(each is not None and is_in(each, self.allowed) for each in addresses)

    def _session(self, guard: Guard) -> aiohttp.ClientSession:
        if guard not in self._sessions:
            connector = aiohttp.TCPConnector(
                resolver=CheckedNames(
                    self._names, guard, self.limits.connect_seconds * 2, is_checked=not self.proxy
                ),
                socket_factory=socket_for(None if self.proxy else guard),
                ssl=tls(),
                limit=0,
                limit_per_host=0 if self.proxy else 8,
                keepalive_timeout=10,
            )
            self._sessions[guard] = aiohttp.ClientSession(
                connector=connector,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self.limits.connect_seconds),
                headers={"User-Agent": self.user_agent, "Accept-Encoding": "gzip, deflate, br, zstd"},
                max_line_size=MAX_HEADER,
                max_field_size=MAX_HEADER,
                read_bufsize=2**17,
                requote_redirect_url=False,
                trust_env=False,
            )
        return self._sessions[guard]

    async def _once(
        self, url: str, request: Request, guard: Guard, held: contextlib.AsyncExitStack
    ) -> tuple[Answer | None, _Hop]:
        headers = {"Accept": request.accept}
        if request.etag:
            headers["If-None-Match"] = request.etag
        if request.last_modified:
            headers["If-Modified-Since"] = request.last_modified
        options: dict[str, Any] = {"proxy": self.proxy} if self.proxy else {}
        async with self._session(guard).get(
            url, headers=headers, allow_redirects=False, **options
        ) as response:
            if len(response.headers) > MAX_HEADERS:
                raise FetchError(_("The server sent too many headers."), code="bad_answer")
            if response.status in REDIRECTS:
                return None, _hop(response, url)
            names = {name.lower(): value for name, value in response.headers.items()}
            if response.status not in (200, 304):
                raise StatusError(response.status, names)
            body, wire = await self._body(response, request, names, held)
            return Answer(response.status, url, body, names, wire), _Hop("", 0)

    async def _body(
        self,
        response: aiohttp.ClientResponse,
        request: Request,
        headers: Mapping[str, str],
        held: contextlib.AsyncExitStack,
    ) -> tuple[bytes, int]:
        if response.status == 304:
            return b"", 0
        if int(response.content_length or 0) > request.max_bytes:
            raise _too_large(request.max_bytes)
        decoder, parts, size, wire = decoder_for(headers.get("content-encoding", "")), bytearray(), 0, 0
        is_large = False
        async for chunk in response.content.iter_any():
            wire += len(chunk)
            for part in decoder.feed(chunk, request.max_bytes - size):
                size += len(part)
                parts += part
            if size > request.max_bytes:
                raise _too_large(request.max_bytes)
            if size > LARGE_BODY and not is_large:
                is_large = bool(await held.enter_async_context(_place(self._large)))
        decoder.finish()
        return decoded_again(bytes(parts), request.max_bytes), wire


class _Spent:
    """The deadline of a request: what is spent on waiting for a turn does not count."""

    def __init__(self, total: float) -> None:
        self.total, self.seconds = total, 0.0

    @contextlib.asynccontextmanager
    async def timed(self) -> AsyncIterator[None]:
        started = time.monotonic()
        try:
            async with asyncio.timeout(max(0.001, self.total - self.seconds)):
                yield
        finally:
            self.seconds += time.monotonic() - started


@dataclass(frozen=True, slots=True)
class _Hop:
    url: str
    status: int


def _hop(response: aiohttp.ClientResponse, url: str) -> _Hop:
    location = response.headers.get("Location", "").strip()
    if not location:
        raise FetchError(_("The server redirects without saying where."), code="bad_redirect")
    try:
        target = urljoin(url, location)
    except ValueError:
        target = location
    if not target.lower().startswith(("http://", "https://")):
        raise RefusedError(
            _("A redirect leads to %(address)s; only http and https are fetched."),
            code="refused_scheme",
            facts={"address": repr(target[:60])},
        )
    return _Hop(canonical_url(target) or target, response.status)


def _with(answer: Answer, **changes: Any) -> Answer:
    values = {name: getattr(answer, name) for name in Answer.__slots__}
    return Answer(**{**values, **changes})


def _too_large(limit: int) -> FetchError:
    return FetchError(
        _("The answer is larger than %(size)s MB."), code="too_large", facts={"size": limit // 1_000_000 or 1}
    )


@contextlib.asynccontextmanager
async def _place(places: asyncio.Semaphore) -> AsyncIterator[bool]:
    async with places:
        yield True
