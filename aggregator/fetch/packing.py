"""Pages wait for the rules in compressed form."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def pack(body: bytes) -> bytes:
    """Return a page's bytes, compressed."""
    return zstd.compress(body, 3)


def unpack(packed: bytes) -> bytes:
    """Return what `pack` was given; b"" for b""."""
    return zstd.decompress(packed) if packed else b""
