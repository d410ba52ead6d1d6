"""The one canonical address of an article, and what can be read from an address.

Addresses are compared by hash: scheme, a leading "www." and a trailing slash make no difference,
nor do words that only say where a reader came from.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import SplitResult, quote, urljoin, urlsplit, urlunsplit

import xxhash

MAX_LENGTH = 2000  # longer addresses are not links that a reader can follow
SCHEMES = {"http": 80, "https": 443}

TRACKING_PREFIXES = ("utm_", "at_", "mc_", "pk_", "mtm_", "hsa_", "_hs", "ns_", "wt.", "trk_")
TRACKING = frozenset(
    "fbclid gclid dclid gbraid wbraid msclkid yclid twclid igshid ocid xtor cmpid cmp smid smtyp emc partner "
    "ncid sr_share soc_src soc_trk feedtype feedname traffic_source wtmc echobox __twitter_impression "
    "spm guccounter guce_referrer guce_referrer_sig ftcamp campaign_id ito mbid intcmp icid rss".split()
)
RSS_WORDS = frozenset({"rss", "feed", "rssfeed", "feedburner", "syndication", "atom", "xml"})
ORIGIN_KEYS = frozenset({"ref", "source", "src", "from", "via", "medium", "output"})

_UNSAFE = re.compile(r"[\x00-\x20\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_KEPT = "%/:@!$&'()*+,;=~-._?[]"


@lru_cache(maxsize=4096)
def canonical_url(url: str, base: str = "") -> str:
    """Return `url` (relative ones against `base`) in one spelling, '' when it is no http(s) address.

    Host lower case and in ASCII, no user, no default port, no fragment, no tracking words; escapes and
    the order of the query stay, since servers may care.
    """
    parts = _split(url, base)
    if parts is None:
        return ""
    host, port = parts.hostname or "", _port(parts)
    netloc = f"[{host}]" if ":" in host else _ascii(host)
    if not netloc:
        return ""
    if port not in (None, SCHEMES[parts.scheme]):
        netloc += f":{port}"
    path = quote(parts.path or "/", safe=_KEPT)
    whole = urlunsplit((parts.scheme, netloc, path, quote(_plain_query(parts.query), safe=_KEPT), ""))
    return whole if len(whole) <= MAX_LENGTH else ""


def _split(url: str, base: str) -> SplitResult | None:
    url = url.strip()
    if not (url.isascii() and url.isprintable() and " " not in url):
        url = _UNSAFE.sub(lambda hit: "%20" if hit[0] == " " else "", url)
    try:
        if base and not url.lower().startswith(("http://", "https://")):
            url = urljoin(base, url)
        parts = urlsplit(url)
        parts.port  # noqa: B018  # raises on a port that is none
    except ValueError:
        return None
    return parts if url and parts.scheme in SCHEMES and parts.hostname else None


def _port(parts: SplitResult) -> int | None:
    return parts.port


def _ascii(host: str) -> str:
    host = host.rstrip(".").lower()
    if host.isascii():
        return host if re.fullmatch(r"[a-z0-9._~-]+", host) else ""
    try:
        return host.encode("idna").decode("ascii")
    except (UnicodeError, ValueError):
        return ""


def _plain_query(query: str) -> str:
    if not query:
        return ""
    return "&".join(pair for pair in query.split("&") if pair and not _is_tracking(pair))


def _is_tracking(pair: str) -> bool:
    name, _, value = pair.lower().partition("=")
    if name in ORIGIN_KEYS:
        return value in RSS_WORDS
    return name in TRACKING or name.startswith(TRACKING_PREFIXES)


@lru_cache(maxsize=4096)
def bare_url(url: str) -> str:
    """Return what is compared: the canonical address without scheme, "www." and trailing slash."""
    whole = canonical_url(url)
    bare = whole.partition("://")[2].removeprefix("www.")
    return bare.rstrip("/") or bare


def hash64(words: str) -> int:
    """Return a signed 64-bit hash, as a bigint column holds it."""
    return hash_of(words.encode("utf-8", "replace"))


def hash_of(body: bytes) -> int:
    """Return the same of bytes."""
    number = xxhash.xxh3_64_intdigest(body)
    return number - (1 << 64) if number >= 1 << 63 else number


def url_hash(url: str) -> int:
    """Return the hash under which an address is unique; addresses that are none hash as they stand."""
    return hash64(bare_url(url) or url)


def host_key(url: str) -> str:
    """Return "name:port", the key of the host that answers `url`; '' when it is no http(s) address."""
    parts = _split(url, "")
    if parts is None:
        return ""
    return f"{(parts.hostname or '').rstrip('.')}:{_port(parts) or SCHEMES[parts.scheme]}"[:260]


def port_of(url: str) -> int | None:
    """Return the port that `url` names or implies, None when it is no http(s) address."""
    key = host_key(url)
    return int(key.rpartition(":")[2]) if key else None


def host_of(url: str) -> str:
    """Return the host name without "www.", '' when it is no http(s) address."""
    return host_key(url).rpartition(":")[0].removeprefix("www.")


@lru_cache(maxsize=4096)
def path_of(url: str) -> str:
    """Return the path alone, without trailing slash."""
    parts = _split(url, "")
    return parts.path.rstrip("/") if parts else ""
