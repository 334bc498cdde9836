"""Answers that are not quite JSON are read all the same; sound ones are never altered."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.omdb.json_repair import parse_reply

CORPUS = [
    pytest.param(b'{"Title":"Jaws"}', {"Title": "Jaws"}, id="sound"),
    pytest.param(b'\xef\xbb\xbf{"Title":"Jaws"}', {"Title": "Jaws"}, id="byte order mark"),
    pytest.param(b'{"Plot":"one\ttwo\nthree\x01"}', {"Plot": "one\ttwo\nthree\x01"}, id="controls"),
    pytest.param(rb'{"Plot":"Schindler\'s"}', {"Plot": "Schindler's"}, id="escaped apostrophe"),
    pytest.param(rb'{"Plot":"a\sb \x"}', {"Plot": "asb x"}, id="escapes that are none"),
    pytest.param(rb'{"Plot":"a\u12"}', {"Plot": "au12"}, id="half an escape"),
    pytest.param(rb'{"Plot":"C:\\ \"x\" \n"}', {"Plot": 'C:\\ "x" \n'}, id="sound escapes"),
    pytest.param(
        rb'{"Plot":"He \"said\" \s","Year":"1999"}',
        {"Plot": 'He "said" s', "Year": "1999"},
        id="sound escapes beside a bad one",
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
    pytest.param(
        b'{"Response":"False","Error":"cut sho', None, id="an error that ends in the middle"
    ),
    pytest.param('{"Title":"Amélie"}'.encode("cp1252"), {"Title": "Amélie"}, id="not UTF-8"),
    pytest.param(b"<!DOCTYPE html><html></html>", None, id="HTML"),
    pytest.param(b"", None, id="nothing"),
    pytest.param(b"[]", None, id="a list"),
    pytest.param(b'"text"', None, id="a text"),
    pytest.param(b"[" * 100_000, None, id="nested without end"),
    pytest.param(b'{"a":' * 100_000, None, id="objects without end"),
]


@pytest.mark.parametrize(("raw", "told"), CORPUS)
def test_an_answer_is_read_as_a_person_would_read_it(
    raw: bytes, told: dict[str, object] | None
) -> None:
    if told is None:
        with pytest.raises(ValueError, match="not a JSON object"):
            parse_reply(raw)
    else:
        assert parse_reply(raw) == told


@settings(deadline=None)
@given(st.dictionaries(st.text(), st.text() | st.none() | st.lists(st.text())))
def test_a_sound_answer_is_never_altered(told: dict[str, object]) -> None:
    assert parse_reply(json.dumps(told).encode()) == told


@settings(deadline=None)
@given(st.binary(max_size=2_000))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        assert isinstance(parse_reply(raw), dict)
    except ValueError as refused:
        assert str(refused) == "not a JSON object"
