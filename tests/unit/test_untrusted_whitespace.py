"""Long runs of whitespace in what others send are read in one pass.

With a pass per character, each of these sizes takes minutes.
"""

import io
from collections.abc import Callable

import pytest
from sanic.request import Request

from service.errors import Malformed
from service.films.json_stream import read_json_values
from service.http.etags import parse_entity_tags
from service.http.languages import preferred_language
from service.omdb.parser import parse_film

pytestmark = pytest.mark.timeout(60)
LENGTH = 300_000


def read_all(text: str) -> list[tuple[object, str | None]]:
    return list(read_json_values(io.BufferedReader(io.BytesIO(text.encode()))))


@pytest.mark.parametrize("whitespace", ["\n", "\r\n", " ", "\n \t"])
@pytest.mark.parametrize("separator", ["}", "},", "]"])
def test_whitespace_behind_a_film_that_is_not_json_is_skipped(
    separator: str, whitespace: str
) -> None:
    text = f'[\n{{"title": nope{separator}{whitespace * LENGTH}]'
    assert {fault for _, fault in read_all(text)} == {"is not JSON"}


@pytest.mark.parametrize(
    "gap", ["}\n{", "},{", "} , {", "\n{", " \r\n {", "x \n\n\n {", "}\n \n,\n{"]
)
def test_reading_goes_on_at_the_next_object_behind_a_film_that_is_not_json(gap: str) -> None:
    values = read_all(f'[{{"title": nope{gap}"title": "A"}}]')
    assert values == [(None, "is not JSON"), ({"title": "A"}, None)]


def test_names_of_a_reply_with_much_whitespace_are_split() -> None:
    reply = {"Title": "A", "Director": "Ann Lee (co-director)" + " " * LENGTH + ", Bo Ek"}
    assert parse_film(reply).directors == ("Ann Lee", "Bo Ek")


def match_tags(value: str) -> None:
    with pytest.raises(Malformed):
        parse_entity_tags(value, "If-Match")


def prefer_language(value: str) -> None:
    headers = {"accept-language": value}
    request = Request(b"/", headers, "1.1", "GET", None, None)
    assert preferred_language(request) == "en"


@pytest.mark.parametrize(
    ("read", "header"), [(match_tags, "{}x"), (match_tags, '"a"{}x'), (prefer_language, "de{}x")]
)
def test_a_header_with_much_whitespace_is_read(read: Callable[[str], None], header: str) -> None:
    read(header.format(" " * LENGTH))
