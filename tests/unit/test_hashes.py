"""Values that earlier releases computed and stored: a rename must not change any of them.

A different value here means that every index needs a rebuild, or that cursors and cached
responses of the previous release become invalid. Change a value only together with the change
that is meant to have this effect.
"""

import base64
from datetime import UTC, datetime
from uuid import UUID

from service.cache.response_cache import cache_key
from service.search.engines.elasticsearch import writer
from service.search.engines.tantivy import schema
from service.search.index.document import MovieDocument
from service.search.index.term_kinds import TermKind
from service.search.requests import BrowseQuery, SearchQuery
from service.search.retrieval.cursors import (
    Cursor,
    CursorCodec,
    MatchStage,
    id_fingerprint,
)
from service.signed_cursors import SIGNATURE_BYTES

FILM_ID = "0190aaaa-0000-7000-8000-000000000001"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = "a secret that is only used by tests"

SEARCH = SearchQuery.model_validate(
    {
        "q": "die hrad",
        "in": "title,writer",
        "genre": "Sci-Fi",
        "year_min": 1988,
        "typo": "off",
        "sort": "-year",
        "facets": "genre,decade",
        "limit": "10",
        "after": "x",
        "explain": "true",
    }
)
BROWSE = BrowseQuery.model_validate({"genre": ["Drama"], "offset": 20})


def test_an_index_of_the_previous_release_stays_usable() -> None:
    assert schema.TANTIVY_VERSION.split(".")[:2] == ["0", "27"]  # a part of the fingerprint
    assert schema.FINGERPRINT == "aba4cd682c0122da"
    assert writer.fingerprint() == "7c0f739c04eab711"


def test_the_digest_of_a_document_is_the_one_that_indexes_hold() -> None:
    document = MovieDocument(
        film_id=FILM_ID,
        version=3,
        title="Die Hard 2",
        year=1990,
        directors=("Renny Harlin",),
        genres=("Action",),
        votes=12,
    )
    assert document.digest() == "3a11f5827d9d2f3260486bb97128571f"


def test_a_cursor_of_the_previous_release_stays_valid() -> None:
    expected = (
        "BIx3WrGapDxEjTBtGX_QslsiZ3Vlc3NlZCIsWzMuMjUsMTIsIjAxOTBhYWFhLTAwMDAtNzAwMC04MDAwLTAwMDAwMD"
        "AwMDAwMSJdLDIwLCJBQUFBQUFFPSIsMTc2NzIyOTIwMF0"
    )
    codec = CursorCodec(SECRET, lambda: NOW)
    cursor = Cursor(MatchStage.FUZZY, (3.25, 12, FILM_ID), 20, id_fingerprint(FILM_ID))
    assert UUID(FILM_ID).bytes[-5:] == id_fingerprint(FILM_ID)
    assert codec.encode(cursor, SEARCH.search_key) == expected
    assert codec.decode(expected, SEARCH.search_key) == cursor
    payload = base64.urlsafe_b64decode(expected + "=" * (-len(expected) % 4))[SIGNATURE_BYTES:]
    assert payload == f'["guessed",[3.25,12,"{FILM_ID}"],20,"AAAAAAE=",1767229200]'.encode()


def test_a_cursor_is_bound_to_the_same_text_of_the_search() -> None:
    assert SEARCH.search_key == (
        '{"genre":["Sci-Fi"],"year_min":1988,"sort":"-year","q":"die hrad",'
        '"parts":["title","writer"],"typo":"off"}'
    )
    assert BROWSE.search_key == '{"genre":["Drama"]}'


def test_a_search_has_the_same_cache_key() -> None:
    key = cache_key("search", SEARCH.cache_key, 7)
    assert key == "v5:search:7:6814cd6e4fafa3dadb98e420b1cc17ea"
    key = cache_key("browse", BROWSE.cache_key, 7)
    assert key == "v5:browse:7:9b11b8ad4b400ac22f989c2afcb0de10"


def test_the_letters_of_term_kinds_are_those_in_the_table_of_words() -> None:
    assert {kind.name: kind.value for kind in TermKind} == {
        "TITLE": "t",
        "ALIAS": "a",
        "DIRECTOR": "d",
        "CAST": "c",
        "WRITER": "s",
        "JOINED": "j",
        "FULL_TITLE": "w",
    }
