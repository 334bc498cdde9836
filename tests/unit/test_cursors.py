"""A cursor is decoded exactly as it was encoded, or refused."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import Malformed
from service.search.requests import BrowseQuery
from service.search.retrieval.cursors import Cursor, CursorCodec, MatchStage, id_fingerprint

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = "a secret that is only used by tests"
IDS = [str(uuid4()) for _ in range(3)]
RETURNED = b"".join(id_fingerprint(film_id) for film_id in IDS[:2])
CURSOR = Cursor(MatchStage.FUZZY, (3.25, 12, IDS[0]), 20, RETURNED)


def codec(later: timedelta = timedelta()) -> CursorCodec:
    return CursorCodec(SECRET, lambda: NOW + later)


def test_a_cursor_is_decoded_as_it_was_encoded() -> None:
    assert codec().decode(codec().encode(CURSOR, "q"), "q") == CURSOR
    assert [CURSOR.has_returned(film_id) for film_id in IDS] == [True, True, False]


def test_a_cursor_with_the_longest_title_of_any_script_is_accepted() -> None:
    cursor = Cursor(MatchStage.EXACT, ("𠮷" * 600, 2**31, IDS[0]), 1_000_000)
    text = codec().encode(cursor, "q")
    assert BrowseQuery(cursor=text).cursor == text
    assert codec().decode(text, "q") == cursor


def test_a_cursor_expires_after_an_hour() -> None:
    text = codec().encode(CURSOR, "q")
    assert codec(timedelta(minutes=59)).decode(text, "q") == CURSOR
    with pytest.raises(Malformed) as refused:
        codec(timedelta(minutes=61)).decode(text, "q")
    assert refused.value.code == "cursor_expired"


def test_a_cursor_of_another_search_or_another_secret_is_refused() -> None:
    text = codec().encode(CURSOR, "q")
    other_codec = CursorCodec(SECRET + "!", lambda: NOW)
    for decoder, search_key in ((codec(), "p"), (other_codec, "q")):
        with pytest.raises(Malformed) as refused:
            decoder.decode(text, search_key)
        assert refused.value.code == "cursor_invalid"


def test_a_cursor_of_the_previous_secret_is_accepted_and_one_before_is_not() -> None:
    text = codec().encode(CURSOR, "q")
    successor = CursorCodec("the next secret", lambda: NOW, SECRET)
    assert successor.decode(text, "q") == CURSOR
    assert codec_refuses(CursorCodec("third", lambda: NOW, "the next secret"), text)
    assert codec_refuses(codec(), successor.encode(CURSOR, "q"))


def codec_refuses(decoder: CursorCodec, text: str) -> bool:
    with pytest.raises(Malformed) as refused:
        decoder.decode(text, "q")
    return refused.value.code == "cursor_invalid"


@given(st.text(max_size=300) | st.binary(max_size=200).map(lambda b: b.hex()))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        codec().decode(text, "q")


@given(st.integers(min_value=0), st.characters(categories=["Lu", "Ll", "Nd"], codec="ascii"))
def test_a_cursor_with_one_changed_letter_is_refused(position: int, letter: str) -> None:
    text = codec().encode(CURSOR, "q")
    position %= len(text) - 1  # the last letter holds bits that mean nothing
    changed = text[:position] + letter + text[position + 1 :]
    if changed != text:
        with pytest.raises(Malformed):
            codec().decode(changed, "q")
