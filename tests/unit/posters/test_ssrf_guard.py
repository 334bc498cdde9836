"""Which IP addresses count as public."""

import pytest

from service.posters.ssrf_guard import is_public

SPECIAL_ADDRESSES = """
    0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.1.2.3 168.63.129.16
    169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.9 192.0.0.170 192.0.2.1
    192.31.196.1 192.52.193.1 192.88.99.1 192.168.1.1 192.175.48.1 198.18.0.1 198.19.255.255
    198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: ::1
    ::ffff:10.0.0.1 ::ffff:168.63.129.16 ::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b::a83f:8110
    64:ff9b:1::1 100::1 2001::1 2001:2::1 2001:20::1 2001:1ff:ffff::1 2001:db8::1 2002:7f00:1::1
    2002:c0a8:101::1 2620:4f:8000::1 3fff::1 3fff:fff:ffff::1 5f00::1 fc00::1 fd00::1 fe80::1
    fec0::1 ff02::1 4000::1
"""


@pytest.mark.parametrize(
    "address",
    [
        "93.184.215.14",
        "192.0.1.1",
        "172.32.0.1",
        "2001:200::1",
        "2606:4700::1111",
        "2606:2800:21f:cb07::1",
        "64:ff9b::5db8:d70e",
        "2002:5db8:d70e::1",
    ],
)
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    SPECIAL_ADDRESSES.split(),
)
def test_an_address_of_a_special_purpose_network_is_not_public(address: str) -> None:
    assert not is_public(address)


def test_text_that_is_not_an_address_is_not_public() -> None:
    assert not is_public("posters.test")
