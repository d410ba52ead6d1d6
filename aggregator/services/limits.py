"""How often one sender may do an act: counted in the cache, in windows that begin with the first one.

Senders are told apart by a keyed digest of their address, which goes with the window; the address itself
is kept nowhere. Of an IPv6 address the first 64 bits count, because whoever has one has all of those.
"""

from __future__ import annotations

import ipaddress
import logging

from django.conf import settings
from django.core.cache import cache
from django.utils.crypto import salted_hmac

log = logging.getLogger(__name__)


def allowed(sender: str, act: str) -> bool:
    """Return whether a sender may do an act (a name in settings.LIMITS) once more; a limit of 0 is none.

    Without the cache nothing is refused: readers go on reading, and failed sign-ins are still counted in rows.
    """
    limit, seconds = settings.LIMITS[act]
    if not limit:
        return True
    key = f"limit:{act}:{_digest(sender)}"
    try:
        cache.add(key, 0, timeout=seconds)
        return bool(cache.incr(key) <= limit)
    except ValueError:  # it expired between the two calls
        return True
    except Exception as error:  # whatever the cache's client raises while it is away
        log.warning("limit_not_counted", extra={"kind": act, "error": type(error).__name__})
        return True


def _digest(sender: str) -> str:
    try:
        address = ipaddress.ip_address(sender)
    except ValueError:
        return salted_hmac("limits", sender).hexdigest()[:32]
    if address.version == 6:
        sender = str(ipaddress.ip_network((int(address), 64), strict=False))
    return salted_hmac("limits", sender).hexdigest()[:32]
