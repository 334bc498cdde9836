"""What API keys may do follows from who may call a route, and fails closed."""

from typing import get_args

import pytest

from service.key_rules import Access, KeyRule, derive_key_rule

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("access", get_args(Access))
def test_a_route_that_declares_nothing_lets_keys_read_and_do_what_is_open_or_of_admins(
    access: Access, method: str
) -> None:
    is_reading = method in ("GET", "HEAD")
    expected: dict[Access, KeyRule] = {
        "anyone": "open",
        "optional": "open_read" if is_reading else "refused",
        "optional_cookie": "refused",
        "user": "read" if is_reading else "refused",
        "user_or_cookie": "refused",
        "admin": "admin",
        "metrics": "ignored",
    }
    assert derive_key_rule(access, method, None) == expected[access]


def test_a_declared_rule_counts_for_each_method() -> None:
    assert {derive_key_rule("user", method, "write") for method in METHODS} == {"write"}
    assert {derive_key_rule("user", method, "refused") for method in METHODS} == {"refused"}
