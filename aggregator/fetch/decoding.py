"""Content encodings, decoded piece by piece, so that a small answer cannot become a large one unseen."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from typing import Any, Protocol

import brotli

from aggregator.errors import FetchError
from aggregator.errors import gettext_noop as _

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

GZIP_MARK = b"\x1f\x8b"
_GZIP = {"gzip", "x-gzip"}
STEP = 262_144  # bytes that are decoded at once


class Decoder(Protocol):
    """Turns pieces of a coded body into pieces of the body."""

    def feed(self, chunk: bytes, room: int) -> Iterator[bytes]:
        """Yield decoded pieces; stops as soon as more than `room` bytes have come out."""

    def finish(self) -> None:
        """Raise FetchError when the body ended in the middle."""


def decoder_for(encoding: str) -> Decoder:
    """Return the decoder for a Content-Encoding header; raises FetchError for those that we did not ask for."""
    names = [
        name.strip().lower() for name in encoding.split(",") if name.strip().lower() not in {"", "identity"}
    ]
    if not names:
        return _Plain()
    if len(names) > 1 or names[0] not in _MAKERS:
        raise FetchError(
            _("The content encoding %(encoding)s is not understood."),
            code="bad_encoding",
            facts={"encoding": repr(encoding[:40])},
        )
    return _Coded(names[0])


class _Plain:
    def feed(self, chunk: bytes, room: int) -> Iterator[bytes]:
        yield chunk

    def finish(self) -> None:
        """A plain body has no end mark; its length is checked by the HTTP client."""


class _Coded:
    """A coded body. Servers that call a plain body gzip, or code it twice, are read all the same."""

    def __init__(self, name: str) -> None:
        self.name, self.inner, self.is_fed = name, _MAKERS[name](), False

    def feed(self, chunk: bytes, room: int) -> Iterator[bytes]:
        if not self.is_fed and chunk and self.name in _GZIP and not chunk.startswith(GZIP_MARK):
            self.inner = _Whole()
        self.is_fed = self.is_fed or bool(chunk)
        try:
            for part in self.inner.pieces(chunk):
                yield part
                room -= len(part)
                if room < 0:
                    return
        except (zlib.error, brotli.error, zstd.ZstdError, EOFError, ValueError) as error:
            raise FetchError(
                _("The answer is not valid %(encoding)s."), code="bad_encoding", facts={"encoding": self.name}
            ) from error

    def finish(self) -> None:
        if self.is_fed and not self.inner.is_whole():
            raise FetchError(
                _("The %(encoding)s answer ends in the middle."),
                code="cut_short",
                facts={"encoding": self.name},
            )


class _Whole:
    """A plain body under a wrong name."""

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        yield chunk

    def is_whole(self) -> bool:
        return True


def decoded_again(body: bytes, limit: int) -> bytes:
    """Return a body that was gzipped twice, unpacked the second time; others as they are."""
    if not body.startswith(GZIP_MARK):
        return body
    decoder = _Coded("gzip")
    parts = b"".join(decoder.feed(body, limit))
    if len(parts) > limit:
        raise FetchError(_("The answer is too large once unpacked."), code="too_large")
    decoder.finish()
    return parts


class _Zlib:
    """gzip and deflate; deflate is sent with and without its header."""

    def __init__(self, window: int) -> None:
        self.window, self.inner = window, zlib.decompressobj(window)

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        while chunk:
            try:
                part = self.inner.decompress(chunk, STEP)
            except zlib.error:
                if self.window != zlib.MAX_WBITS:
                    raise
                self.window = -zlib.MAX_WBITS
                self.inner = zlib.decompressobj(self.window)
                continue
            yield part
            if self.inner.eof:
                return  # what follows the end mark is padding
            chunk = self.inner.unconsumed_tail

    def is_whole(self) -> bool:
        return self.inner.eof


class _Brotli:
    def __init__(self) -> None:
        self.inner = brotli.Decompressor()

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        yield self.inner.process(chunk, output_buffer_limit=STEP)
        while not self.inner.can_accept_more_data():
            yield self.inner.process(b"", output_buffer_limit=STEP)

    def is_whole(self) -> bool:
        return bool(self.inner.is_finished())


class _Zstd:
    def __init__(self) -> None:
        self.inner = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: 23})

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        if self.inner.eof:
            return
        yield self.inner.decompress(chunk, STEP)
        while not self.inner.eof and not self.inner.needs_input:
            yield self.inner.decompress(b"", STEP)

    def is_whole(self) -> bool:
        return bool(self.inner.eof)


_MAKERS: dict[str, Any] = {
    "gzip": lambda: _Zlib(16 + zlib.MAX_WBITS),
    "x-gzip": lambda: _Zlib(16 + zlib.MAX_WBITS),
    "deflate": lambda: _Zlib(zlib.MAX_WBITS),
    "br": _Brotli,
    "zstd": _Zstd,
}
