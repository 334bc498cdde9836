"""Replies that are not valid JSON are repaired; valid ones are never altered."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.omdb.json_repair import parse_reply

CORPUS = [
    pytest.param(b'{"Title":"Jaws"}', {"Title": "Jaws"}, id="valid"),
    pytest.param(b'\xef\xbb\xbf{"Title":"Jaws"}', {"Title": "Jaws"}, id="byte order mark"),
    pytest.param(b'{"Plot":"one\ttwo\nthree\x01"}', {"Plot": "one\ttwo\nthree\x01"}, id="controls"),
    pytest.param(rb'{"Plot":"Schindler\'s"}', {"Plot": "Schindler's"}, id="escaped apostrophe"),
    pytest.param(rb'{"Plot":"a\sb \-"}', {"Plot": r"a\sb -"}, id="invalid escapes"),
    pytest.param(
        rb'{"Title":"Miliardi\Millions"}', {"Title": r"Miliardi\Millions"}, id="two titles"
    ),
    pytest.param(rb'{"Plot":"a\u12"}', {"Plot": r"a\u12"}, id="incomplete escape"),
    pytest.param(rb'{"Plot":"C:\\ \"x\" \n"}', {"Plot": 'C:\\ "x" \n'}, id="valid escapes"),
    pytest.param(
        rb'{"Plot":"He \"said\" \s","Year":"1999"}',
        {"Plot": r'He "said" \s', "Year": "1999"},
        id="valid escapes beside an invalid one",
    ),
    pytest.param(
        b'{"Title":"The "Matrix" it is","Year":"1999","Ratings":[{"Source":"A "B"","Value":"1"}]}',
        {
            "Title": 'The "Matrix" it is',
            "Year": "1999",
            "Ratings": [{"Source": 'A "B"', "Value": "1"}],
        },
        id="inner quotes",
    ),
    pytest.param(
        rb'{"Title":"The "A" and \"B\"","Plot":"\\"}',
        {"Title": 'The "A" and "B"', "Plot": "\\"},
        id="inner quotes beside escaped ones",
    ),
    pytest.param(
        b"""{"Response":"False","Error":"Conversion from string "x", "y" to type 'Double'."}""",
        {"Response": "False", "Error": """Conversion from string "x", "y" to type 'Double'."""},
        id="inner quotes and commas in an error",
    ),
    pytest.param(
        rb'{"Response":"False","Error":"Syntax error near \"a\" or "b"."}',
        {"Response": "False", "Error": 'Syntax error near "a" or "b".'},
        id="an error with quotes of both kinds",
    ),
    pytest.param(b'{"Response":"False","Error":"cut sho', None, id="truncated error"),
    pytest.param('{"Title":"Amélie"}'.encode("cp1252"), {"Title": "Amélie"}, id="not UTF-8"),
    pytest.param(b"<!DOCTYPE html><html></html>", None, id="HTML"),
    pytest.param(b"", None, id="empty"),
    pytest.param(b"[]", None, id="a list"),
    pytest.param(b'"text"', None, id="a text"),
    pytest.param(b"[" * 100_000, None, id="endlessly nested lists"),
    pytest.param(b'{"a":' * 100_000, None, id="endlessly nested objects"),
]


@pytest.mark.parametrize(("raw", "reply"), CORPUS)
def test_a_damaged_reply_is_parsed_as_a_person_would_read_it(
    raw: bytes, reply: dict[str, object] | None
) -> None:
    if reply is None:
        with pytest.raises(ValueError, match="not a JSON object"):
            parse_reply(raw)
    else:
        assert parse_reply(raw) == reply


@settings(deadline=None)
@given(st.dictionaries(st.text(), st.text() | st.none() | st.lists(st.text())))
def test_a_valid_reply_is_never_altered(reply: dict[str, object]) -> None:
    assert parse_reply(json.dumps(reply).encode()) == reply


@settings(deadline=None)
@given(st.binary(max_size=2_000))
def test_any_bytes_are_parsed_or_rejected(raw: bytes) -> None:
    try:
        assert isinstance(parse_reply(raw), dict)
    except ValueError as error:
        assert str(error) == "not a JSON object"
