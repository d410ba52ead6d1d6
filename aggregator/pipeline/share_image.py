"""The picture of a story in share previews: filled dots for origins, open ones for copies. A PNG."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from aggregator.pipeline.timeline import dots

WIDTH, HEIGHT = 1200, 630  # what share previews ask for
PALETTE = ((253, 252, 250), (154, 47, 28), (86, 91, 99), (27, 29, 33))  # paper, accent, soft, rule
RADIUS, STEP, PER_ROW = 56, 150, 6


def draw(origins: int, copies: int) -> bytes:
    """Return a PNG with at most twelve dots in two rows, over the rule of the front page."""
    canvas = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    canvas[80:86, 100 : WIDTH - 100] = 3
    canvas[HEIGHT - 84 : HEIGHT - 80, 100 : WIDTH - 100] = 3
    shown = dots(origins, copies)
    for n in range(shown.filled + shown.open):
        y, x = (250 if n < PER_ROW else 410), 225 + STEP * (n % PER_ROW)
        _dot(canvas, x, y, filled=n < shown.filled)
    return _png(canvas)


def _dot(canvas: np.ndarray, x: int, y: int, *, filled: bool) -> None:
    rows, columns = np.ogrid[:HEIGHT, :WIDTH]
    distance = (rows - y) ** 2 + (columns - x) ** 2
    if filled:
        canvas[distance <= RADIUS**2] = 1
    else:
        canvas[(distance <= (RADIUS - 6) ** 2) & (distance >= (RADIUS - 14) ** 2)] = 2


def _png(canvas: np.ndarray) -> bytes:
    """Return an indexed PNG, eight bits a pixel."""
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)
    raw = b"".join(b"\x00" + row.tobytes() for row in canvas)
    parts = (
        (b"IHDR", head),
        (b"PLTE", bytes(sum(PALETTE, ()))),
        (b"IDAT", zlib.compress(raw, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
