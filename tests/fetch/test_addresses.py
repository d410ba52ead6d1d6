from __future__ import annotations

import ipaddress

import pytest

from aggregator.errors import RefusedError
from aggregator.fetch.addresses import Guard, is_public

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


@pytest.mark.parametrize(
    "address",
    """0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 127.255.0.9 169.254.169.254 172.16.0.1 172.31.255.255 192.168.1.1
    192.0.0.1 192.0.2.1 198.18.0.1 198.51.100.7 203.0.113.7 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255
    168.63.129.16 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1
    64:ff9b::a00:1 64:ff9b:1::1 2002:7f00:1:: 2002:a00:1:: 2001:0:7f00:1:: 2001:0:808:808:0:0:80ff:fffe
    fe80::1 fec0::1 fc00::1 fd12::1 ff02::1 2001:db8::1 3fff::1 2001:10::1 100::1 2606:4700::5efe:7f00:1
    4000::1""".split(),
)
def test_addresses_that_are_not_on_the_open_internet(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::808:808"],
)
def test_addresses_on_the_open_internet(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ("url", "code"),
    [
        pytest.param("http://127.0.0.1/", "refused_private", id="loopback"),
        pytest.param("http://[::ffff:169.254.169.254]/", "refused_private", id="mapped"),
        pytest.param("http://2130706433/", "refused_address", id="decimal"),
        pytest.param("http://0x7f.1/", "refused_address", id="hexadecimal"),
        pytest.param("http://0177.0.0.1/", "refused_address", id="octal"),
        pytest.param("http://127.1/", "refused_address", id="short"),
        pytest.param("https://e.org:22/", "refused_port", id="port of another service"),
        pytest.param("ftp://e.org/", "refused_scheme", id="scheme"),
        pytest.param("file:///etc/passwd", "refused_scheme", id="file"),
        pytest.param("http:///x", "refused_address", id="no host"),
        pytest.param("https://user:word@e.org/", "refused_address", id="a user"),
    ],
)
def test_refused_before_anything_is_asked(url: str, code: str) -> None:
    with pytest.raises(RefusedError) as caught:
        Guard(port=443).check_url(url)
    assert caught.value.code == code


def test_the_port_that_a_configured_address_names_is_let_through() -> None:
    Guard(port=9000).check_url("https://e.org:9000/feed")


def test_an_allowed_network_is_reached_only_at_the_configured_port() -> None:
    guard = Guard(LOOPBACK, 9000, is_home_allowed=True)
    guard.check("127.0.0.1", 9000)
    with pytest.raises(RefusedError):
        guard.check("127.0.0.1", 80)


def test_a_public_feed_cannot_lead_into_an_allowed_network() -> None:
    guard = Guard(LOOPBACK, 443, is_home_allowed=False)
    with pytest.raises(RefusedError):
        guard.check("127.0.0.1", 443)
