"""Client addresses as sockets and proxies write them."""

import pytest

from service.addresses import client_network, parse_address


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("203.0.113.9:51234", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("[::ffff:203.0.113.9]:443", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2:3:4:5:6]", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::9]:51234", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        (" 203.0.113.9 ", "203.0.113.9"),
    ],
)
def test_a_client_has_one_ipv4_address_or_a_64_of_ipv6(text: str, network: str) -> None:
    assert client_network(text) == network


@pytest.mark.parametrize("text", ["", "unknown", "_hidden", "203.0.113", "[::1", "1.2.3.4:x"])
def test_text_that_is_no_address_stands_for_itself(text: str) -> None:
    assert parse_address(text) is None
    assert client_network(text) == text
