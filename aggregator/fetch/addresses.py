"""Which addresses may be connected to.

The check is made on the address that a socket is about to connect to, on every hop and for every
answer of the name service, so that a name that changes between check and use gains nothing.
`ipaddress.is_global` is not enough: it calls NAT64 and IPv4-compatible forms of 127.0.0.1 global.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from aggregator.errors import RefusedError
from aggregator.errors import gettext_noop as _
from aggregator.pipeline.urls import SCHEMES

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PORTS = frozenset({80, 443, 8080, 8443})

# Forms of IPv4 addresses that name services read and that hide what they are: 2130706433, 0x7f.1, 0177.0.0.1.
_ODD = re.compile(r"^(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+))*\.?$", re.IGNORECASE)
_REFUSED_4 = tuple(
    map(
        ipaddress.IPv4Network,
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 "
        "192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 "
        "198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 168.63.129.16/32".split(),
    )
)
# Only global unicast (2000::/3) is let through at all; these lie inside it.
_GLOBAL_6 = ipaddress.IPv6Network("2000::/3")
_REFUSED_6 = tuple(
    map(
        ipaddress.IPv6Network,
        "2001:db8::/32 2001:10::/28 2001:20::/28 2001:2::/48 3fff::/20 2620:4f:8000::/48".split(),
    )
)
_NAT64 = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48")))
_MAPPED = tuple(map(ipaddress.IPv6Network, ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96")))
_6TO4, _TEREDO = ipaddress.IPv6Network("2002::/16"), ipaddress.IPv6Network("2001::/32")


def embedded_4(address: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """Return the IPv4 addresses that an IPv6 address stands for: mapped, compatible, NAT64, 6to4, Teredo, ISATAP."""
    number = int(address)
    if any(address in network for network in _MAPPED) or address in _NAT64[0]:
        return [ipaddress.IPv4Address(number & 0xFFFFFFFF)]
    if address in _6TO4:
        return [ipaddress.IPv4Address((number >> 80) & 0xFFFFFFFF)]
    if address in _TEREDO:
        server, client = (number >> 64) & 0xFFFFFFFF, ~number & 0xFFFFFFFF
        return [ipaddress.IPv4Address(server), ipaddress.IPv4Address(client)]
    if (number >> 32) & 0xFFFFFFFF in (0x00005EFE, 0x02005EFE):
        return [ipaddress.IPv4Address(number & 0xFFFFFFFF)]
    return []


def is_public(address: Address) -> bool:
    """Return whether an address is one of the open internet, and embeds none that is not."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _REFUSED_4)
    inner = embedded_4(address)
    if inner and not all(map(is_public, inner)):
        return False
    if address in _NAT64[0]:
        return True
    return address in _GLOBAL_6 and not any(address in network for network in _REFUSED_6)


@dataclass(frozen=True, slots=True)
class Guard:
    """What one fetch may reach.

    `port` is the one that the configured address names or implies; other ports than 80, 443, 8080 and
    8443 are refused. `allowed` are networks that are let through though they are not public, and only at
    that port, and only where `is_home_allowed` says that the configured address lies in such a network
    itself: a public feed cannot lead into a network that was opened for another.
    """

    allowed: tuple[Network, ...] = ()
    port: int | None = None
    is_home_allowed: bool = False

    def check_url(self, url: str) -> None:
        """Raise RefusedError when the address is no http(s) one, names a user, or a port that is not let through."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise RefusedError(_("The address cannot be read."), code="refused_address") from None
        if parts.scheme not in SCHEMES:
            raise RefusedError(
                _("Only http and https are fetched, not %(scheme)s."),
                code="refused_scheme",
                facts={"scheme": repr(parts.scheme[:20])},
            )
        if not parts.hostname:
            raise RefusedError(_("The address names no host."), code="refused_address")
        if parts.username is not None or parts.password is not None:
            raise RefusedError(_("The address names a user."), code="refused_address")
        self._check_port(port or SCHEMES[parts.scheme])
        literal = as_address(parts.hostname)
        if literal is None and _ODD.match(parts.hostname):
            raise RefusedError(_("The address is a number in an odd form."), code="refused_address")
        if literal is not None:
            self.check(str(literal), port or SCHEMES[parts.scheme])

    def _check_port(self, port: int) -> None:
        if port not in PORTS and port != self.port:
            raise RefusedError(
                _("Port %(port)s is not fetched from."), code="refused_port", facts={"port": port}
            )

    def check(self, host: str, port: int) -> None:
        """Raise RefusedError when a numeric address may not be connected to at `port`."""
        address = as_address(host)
        if address is None:
            raise RefusedError(_("The name service gave no address."), code="refused_address")
        if is_public(address):
            return self._check_port(port)
        if not self.is_home_allowed or not is_in(address, self.allowed):
            raise RefusedError(_("The address is not on the open internet."), code="refused_private")
        if port != self.port:
            raise RefusedError(
                _("An allowed network is reached only at its configured port."), code="refused_port"
            )
        return None


def is_in(address: Address, networks: Iterable[Network]) -> bool:
    """Return whether an address, or the one IPv4 address that it maps, lies in one of the networks."""
    return any(address.version == network.version and address in network for network in networks)


def as_address(host: str) -> Address | None:
    """Return a numeric address as one, None when `host` is a name; zone indices are dropped."""
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None
