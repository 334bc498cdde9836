"""A walk's place comes back as it was sealed, or not at all."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import Malformed
from service.search.requests import BrowseQuery
from service.search.retrieval.cursors import Cursor, CursorCodec, id_fingerprint

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = "a secret that is only used by tests"
IDS = [str(uuid4()) for _ in range(3)]
WALK = Cursor("guessed", (3.25, 12, IDS[0]), 20, b"".join(id_fingerprint(i) for i in IDS[:2]))


def cursors(after: timedelta = timedelta()) -> CursorCodec:
    return CursorCodec(SECRET, lambda: NOW + after)


def test_a_walk_comes_back_as_it_was_sealed() -> None:
    assert cursors().decode(cursors().encode(WALK, "q"), "q") == WALK
    assert [WALK.has_returned(i) for i in IDS] == [True, True, False]


def test_a_walk_by_the_longest_title_of_any_script_is_taken() -> None:
    walk = Cursor("exact", ("𠮷" * 600, 2**31, IDS[0]), 1_000_000)
    sealed = cursors().encode(walk, "q")
    assert BrowseQuery(cursor=sealed).cursor == sealed
    assert cursors().decode(sealed, "q") == walk


def test_a_walk_may_rest_for_less_than_its_time() -> None:
    sealed = cursors().encode(WALK, "q")
    assert cursors(timedelta(minutes=59)).decode(sealed, "q") == WALK
    with pytest.raises(Malformed) as refused:
        cursors(timedelta(minutes=61)).decode(sealed, "q")
    assert refused.value.code == "cursor_expired"


def test_another_question_or_another_secret_is_refused() -> None:
    sealed = cursors().encode(WALK, "q")
    for opener, question in ((cursors(), "p"), (CursorCodec(SECRET + "!", lambda: NOW), "q")):
        with pytest.raises(Malformed) as refused:
            opener.decode(sealed, question)
        assert refused.value.code == "cursor_invalid"


@given(st.text(max_size=300) | st.binary(max_size=200).map(lambda b: b.hex()))
def test_whatever_else_is_brought_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        cursors().decode(text, "q")


@given(st.integers(min_value=0), st.characters(categories=["Lu", "Ll", "Nd"], codec="ascii"))
def test_one_changed_letter_is_refused(place: int, letter: str) -> None:
    sealed = cursors().encode(WALK, "q")
    place %= len(sealed) - 1  # the last letter holds bits that mean nothing
    changed = sealed[:place] + letter + sealed[place + 1 :]
    if changed != sealed:
        with pytest.raises(Malformed):
            cursors().decode(changed, "q")
