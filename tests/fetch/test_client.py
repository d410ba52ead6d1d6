from __future__ import annotations

import asyncio
import gzip
import ipaddress
import itertools
import shutil
import socket
import ssl
import subprocess
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import brotli
import pytest
from aiohttp.abc import AbstractResolver

from aggregator.errors import FetchError
from aggregator.fetch.client import Web
from aggregator.fetch.messages import Answer, Limits, Request
from aggregator.fetch.packing import zstd
from aggregator.fetch.turns import Turns
from tests.fakeweb import FakeWeb, Said, fake_web

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
LIMITS = Limits(total_seconds=1.0, connect_seconds=0.5, redirects=3)
BODY = b"<rss>" + b"x" * 5000 + b"</rss>"


@pytest.fixture
def web() -> Iterator[FakeWeb]:
    with fake_web() as fake:
        yield fake


def fetch(
    url: str, *, home: str = "", allowed: Any = LOOPBACK, max_bytes: int = 100_000, **options: Any
) -> Answer:
    async def run() -> Answer:
        limits = options.pop("limits", LIMITS)
        async with Web(
            user_agent="Newsroom/1 (+a@b.org)", limits=limits, allowed=allowed, **options
        ) as client:
            async with client.get(Request(url, home=home, max_bytes=max_bytes)) as answer:
                return answer

    return asyncio.run(run())


def code_of(url: str, **options: Any) -> str:
    with pytest.raises(FetchError) as caught:
        fetch(url, **options)
    return caught.value.code


@pytest.mark.parametrize(
    ("encoding", "coded"),
    [
        pytest.param("gzip", gzip.compress(BODY), id="gzip"),
        pytest.param("deflate", zlib.compress(BODY), id="deflate"),
        pytest.param("deflate", zlib.compress(BODY)[2:-4], id="deflate without header"),
        pytest.param("br", brotli.compress(BODY), id="brotli"),
        pytest.param("zstd", zstd.compress(BODY), id="zstd"),
        pytest.param("gzip", BODY, id="plain under a wrong name"),
        pytest.param("gzip", gzip.compress(gzip.compress(BODY)), id="gzip twice"),
    ],
)
def test_content_encodings_are_read(web: FakeWeb, encoding: str, coded: bytes) -> None:
    web.answers["/"] = Said(coded, headers={"Content-Encoding": encoding})
    assert fetch(web.base).body == BODY


@pytest.mark.parametrize(
    ("encoding", "coded", "code"),
    [
        pytest.param("gzip", gzip.compress(b" " * 10**7), "too_large", id="a bomb"),
        pytest.param("br", brotli.compress(b" " * 10**7), "too_large", id="a brotli bomb"),
        pytest.param("zstd", zstd.compress(b" " * 10**7), "too_large", id="a zstd bomb"),
        pytest.param("gzip", gzip.compress(BODY)[:-9], "cut_short", id="cut gzip"),
        pytest.param("zstd", zstd.compress(BODY)[:-3], "cut_short", id="cut zstd"),
        pytest.param("nonsense", BODY, "bad_encoding", id="an encoding that nobody asked for"),
        pytest.param("br", BODY, "bad_encoding", id="no brotli"),
    ],
)
def test_a_body_is_whole_and_within_bounds_or_not_used(
    web: FakeWeb, encoding: str, coded: bytes, code: str
) -> None:
    web.answers["/"] = Said(coded, headers={"Content-Encoding": encoding})
    assert code_of(web.base) == code


def test_a_plain_body_over_the_bound_is_refused(web: FakeWeb) -> None:
    web.answers["/"] = Said(b"x" * 200_000)
    assert code_of(web.base) == "too_large"


def test_a_slow_drip_ends_at_the_deadline(web: FakeWeb) -> None:
    web.answers["/"] = Said(b"x" * 6400, drip=0.05)
    assert code_of(web.base, limits=Limits(total_seconds=0.3)) == "timeout"


def test_permanent_redirects_are_told_apart_from_temporary_ones(web: FakeWeb) -> None:
    web.answers["/feed"] = Said(BODY)
    web.answers["/old"] = Said(status=301, headers={"Location": "/feed"})
    web.answers["/now"] = Said(status=302, headers={"Location": "/feed"})
    web.answers["/mixed"] = Said(status=301, headers={"Location": "/now"})
    assert fetch(f"{web.base}/old").permanent_url == f"{web.base}/feed"
    assert fetch(f"{web.base}/now").permanent_url == ""
    assert fetch(f"{web.base}/mixed").permanent_url == ""


@pytest.mark.parametrize(
    ("location", "code"),
    [
        pytest.param("/", "too_many_redirects", id="in circles"),
        pytest.param("file:///etc/passwd", "refused_scheme", id="to a file"),
        pytest.param("http://10.0.0.1/", "refused_private", id="to a private address"),
        pytest.param("http://169.254.169.254/latest/", "refused_private", id="to the metadata service"),
        pytest.param("http://[::ffff:10.0.0.1]/", "refused_private", id="to an embedded address"),
        pytest.param("http://2852039166/", "refused_address", id="to an odd number"),
        pytest.param("", "bad_redirect", id="to nowhere"),
    ],
)
def test_redirects_are_checked_at_each_hop(web: FakeWeb, location: str, code: str) -> None:
    web.answers["/"] = Said(status=302, headers={"Location": location} if location else {})
    assert code_of(f"{web.base}/") == code


def test_nothing_reaches_another_port_of_an_allowed_network(web: FakeWeb) -> None:
    with fake_web() as other:
        web.answers["/"] = Said(status=302, headers={"Location": f"{other.base}/x"})
        assert code_of(f"{web.base}/") == "refused_port"
        assert code_of(f"{other.base}/page", home=f"{web.base}/") == "refused_port"
        assert other.asked == []


def test_nothing_reaches_loopback_unless_it_is_allowed(web: FakeWeb) -> None:
    assert code_of(web.base, allowed=()) == "refused_private"
    assert web.asked == []


class Rebinding(AbstractResolver):
    """Says one address when it is checked and another when it is used."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_UNSPEC) -> Any:
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            {"hostname": host, "host": each, "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}
            for each in found
        ]

    async def close(self) -> None:
        """Nothing to close."""


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([["127.0.0.1"]], id="a name of a private address"),
        pytest.param([["93.184.216.34", "127.0.0.1"]], id="one private address among others"),
        pytest.param([["93.184.216.34"], ["127.0.0.1"]], id="a name that changes"),
    ],
)
def test_names_of_private_addresses_are_refused(web: FakeWeb, answers: list[list[str]]) -> None:
    port = int(web.base.rpartition(":")[2])
    url = f"http://rebinding.example:{port}/"
    for _ in range(2):
        code = code_of(url, allowed=(), resolver=Rebinding(*answers), limits=Limits(total_seconds=0.5))
        assert code in {"refused_private", "no_connection", "timeout"}
    assert web.asked == []


def test_behind_a_proxy_names_are_its_business_and_numbers_ours(web: FakeWeb) -> None:
    web.answers["http://news.example/feed"] = Said(BODY)
    assert fetch("http://news.example/feed", proxy=web.base, allowed=()).body == BODY
    assert web.paths() == ["http://news.example/feed"]
    for url in ("http://10.0.0.1/", "http://[::ffff:10.0.0.1]/", "http://2130706433/"):
        assert code_of(url, proxy=web.base, allowed=()) in {"refused_private", "refused_address"}
    assert len(web.asked) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(web: FakeWeb, tmp_path: Path) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*self_signed(tmp_path))
    web.server.socket = server.wrap_socket(web.server.socket, server_side=True)
    assert code_of(web.base.replace("http:", "https:")) == "bad_certificate"
    assert web.asked == []


def self_signed(folder: Path) -> tuple[Path, Path]:
    if not shutil.which("openssl"):
        pytest.skip("needs openssl, to make a certificate")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    words = (
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    )
    command = ["openssl", *words.split(), "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


def test_we_say_who_we_are(web: FakeWeb) -> None:
    web.answers["/"] = Said(BODY)
    fetch(f"{web.base}/")
    assert web.asked[0].headers["user-agent"] == "Newsroom/1 (+a@b.org)"


def test_requests_to_one_host_keep_their_distance(web: FakeWeb) -> None:
    web.answers["/feed"] = Said(BODY)
    web.answers["/old"] = Said(status=301, headers={"Location": "/feed"})

    async def run() -> None:
        async with Web(
            user_agent="x", limits=Limits(total_seconds=5), allowed=LOOPBACK, turns=Turns(0.1)
        ) as client:

            async def one(path: str) -> None:
                async with client.get(Request(f"{web.base}{path}")):
                    pass

            await asyncio.gather(one("/old"), one("/feed"), one("/old"))

    asyncio.run(run())
    starts = [asked.at for asked in web.asked]
    assert len(starts) == 5
    assert all(later.at >= earlier.ended for earlier, later in zip(web.asked, web.asked[1:], strict=False))
    assert all(later - earlier >= 0.09 for earlier, later in zip(starts, starts[1:], strict=False))


def endless(start: bytes, piece: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: itertools.chain([start], itertools.repeat(piece))


BROKEN = {
    "headers without end": (endless(b"HTTP/1.1 200 OK\r\n", b"a: b\r\n" * 1000), "bad_answer"),
    "one header without end": (endless(b"HTTP/1.1 200 OK\r\na: ", b"b" * 10_000), "bad_answer"),
    "a status line without end": (endless(b"HTTP/1.1 200 ", b"b" * 10_000), "bad_answer"),
    "continue without end": (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), "timeout"),
    "hints without end": (endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 100), "timeout"),
    "a chunk's name without end": (
        endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;", b"x" * 10_000),
        "timeout",
    ),
    "chunks of a byte without end": (
        endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 50),
        "too_large|timeout",
    ),
    "a body shorter than said": (
        lambda: iter([b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"]),
        "cut_short",
    ),
    "two lengths": (
        lambda: iter([b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 10\r\n\r\nabc"]),
        "bad_answer",
    ),
    "another protocol": (lambda: iter([b"SSH-2.0-OpenSSH_9\r\n"]), "bad_answer"),
    "a bare body": (lambda: iter([b"<rss></rss>"]), "bad_answer"),
    "nothing": (lambda: iter([b""]), "no_answer"),
    "an upgrade": (
        lambda: iter([b"HTTP/1.1 101 Other\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"]),
        "http_101",
    ),
    "no content": (lambda: iter([b"HTTP/1.1 204 None\r\n\r\n"]), "http_204"),
    "digits of another script": (
        lambda: iter(["HTTP/1.1 302 X\r\nLocation: http://①②⑦.⓪.⓪.①/\r\nContent-Length: 0\r\n\r\n".encode()]),
        "refused_port",
    ),
    "a name too long": (
        lambda: iter(
            [b"HTTP/1.1 302 X\r\nLocation: http://%s.org/\r\nContent-Length: 0\r\n\r\n" % (b"a" * 300)]
        ),
        "bad_address|no_such_host",
    ),
    "a port that is none": (
        lambda: iter([b"HTTP/1.1 302 X\r\nLocation: http://e.org:99999/\r\nContent-Length: 0\r\n\r\n"]),
        "refused_address",
    ),
}


@pytest.mark.parametrize(("make", "codes"), BROKEN.values(), ids=list(BROKEN))
def test_what_is_hardly_http_ends_with_its_code(make: Callable[[], Iterator[bytes]], codes: str) -> None:
    with raw_server(make) as address:
        assert code_of(address) in codes.split("|")


@contextmanager
def raw_server(make: Callable[[], Iterator[bytes]]) -> Iterator[str]:
    """Answer each connection with bytes as they are."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_answer_each, args=(listener, make), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


def _answer_each(listener: socket.socket, make: Callable[[], Iterator[bytes]]) -> None:
    with suppress(OSError):
        while True:
            with listener.accept()[0] as caller, suppress(OSError):
                caller.recv(65_536)
                for part in make():
                    caller.sendall(part)
