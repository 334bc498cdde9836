"""Names and passwords that an operator types for a command."""

import pytest

from service.accounts.schemas import NameAndPassword
from service.errors import Invalid

PASSWORD = "correct horse battery"


@pytest.mark.parametrize(
    ("name", "password", "words"),
    [
        ("x" * 60, PASSWORD, "username must have at most 40 characters."),
        ("ada\udcff", PASSWORD, "username must be text that UTF-8 can encode."),
        ("ada", "x" * 3_000, "password must have at most 1,024 characters."),
        ("ada", "short", "password must have at least 8 characters."),
        ("a{b}", PASSWORD, "username must consist of letters, digits, and the characters _ - .."),
    ],
)
def test_a_name_or_password_that_is_refused_is_explained_in_plain_words(
    name: str, password: str, words: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        NameAndPassword.parse(name, password)
    assert refusal.value.detail == words
