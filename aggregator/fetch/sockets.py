"""Names, sockets and certificates for the client: the address that is really connected to is checked here."""

from __future__ import annotations

import asyncio
import socket
import ssl
from functools import cache
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from aggregator.errors import FetchError
from aggregator.errors import gettext_noop as _
from aggregator.fetch.addresses import Guard


class CheckedNames(AbstractResolver):
    """Resolves names and refuses a name when any of its addresses is refused."""

    def __init__(self, names: AbstractResolver, guard: Guard, seconds: float, *, is_checked: bool) -> None:
        self.seconds = seconds
        self.names, self.guard, self.is_checked = names, guard, is_checked

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_UNSPEC) -> list[ResolveResult]:
        """Return a name's addresses; raises FetchError when one is refused or no answer comes in time."""
        try:
            async with asyncio.timeout(self.seconds):
                found = await self.names.resolve(host, port, socket.AF_UNSPEC)
        except TimeoutError:
            raise FetchError(_("The name service does not answer in time."), code="no_such_host") from None
        if self.is_checked:
            for each in found:
                self.guard.check(each["host"], port)
        return found

    async def close(self) -> None:
        """The names belong to the Web, which outlives this."""


def socket_for(guard: Guard | None) -> Any:
    """Return a maker of sockets that refuses the very address that is about to be connected to."""

    def make(info: tuple[Any, ...]) -> socket.socket:
        family, kind, proto, _, address = info
        if guard is not None:
            guard.check(address[0], address[1])
        made = socket.socket(family, kind, proto)
        made.setblocking(False)
        return made

    return make


@cache
def tls() -> ssl.SSLContext:
    """Return the one context that trusts the machine's certificates."""
    return ssl.create_default_context()
