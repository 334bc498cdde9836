"""Which IP addresses count as public."""

import pytest

from service.posters.ssrf_guard import is_public


@pytest.mark.parametrize(
    "address",
    ["93.184.215.14", "2606:2800:21f:cb07::1", "64:ff9b::5db8:d70e", "2002:5db8:d70e::1"],
)
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(address)


def test_text_that_is_not_an_address_is_not_public() -> None:
    assert not is_public("posters.test")
