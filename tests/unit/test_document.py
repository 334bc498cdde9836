"""The document of a film: its terms, filter keys, boost and digest."""

from types import SimpleNamespace
from typing import Any
from uuid import UUID

from service.search.index.document import MovieDocument


def film(**facts: Any) -> SimpleNamespace:
    defaults: dict[str, Any] = {
        "id": UUID(int=7),
        "version": 3,
        "imdb_id": "tt0068646",
        "title": "The Godfather: Part II",
        "aliases": ["Il padrino"],
        "type": "movie",
        "year": 1974,
        "directors": ["Francis Ford Coppola"],
        "genres": ["Crime"],
        "writers": ["Mario Puzo"],
        "actors": ["Al Pacino"],
        "languages": ["English", "Italian"],
        "countries": ["United States"],
        "plot": "A family.",
        "runtime_minutes": 202,
        "imdb_rating": 9.0,
        "imdb_votes": 999_999,
        "popularity": None,
        "source": "omdb",
    }
    return SimpleNamespace(**(defaults | facts))


def test_a_title_is_indexed_by_words_numbers_pairs_and_in_full() -> None:
    terms = MovieDocument.from_film(film()).terms
    assert {"the", "godfather", "part", "ii", "2"} <= set(terms.title)
    assert {"thegodfather", "partii"} <= set(terms.joined)
    assert {"thegodfatherpartii", "godfatherpart2"} <= set(terms.whole)
    assert "padrino" in terms.alt
    assert "coppola" in terms.director
    assert {"thegodfatherpartii", "ilpadrino", "francisfordcoppola"} == set(terms.grams)
    assert terms.year == ("1974",)


def test_vocabulary_words_carry_the_letter_of_their_kind() -> None:
    words = MovieDocument.from_film(film()).vocabulary_words()
    expected = {"tgodfather", "apadrino", "dcoppola", "cpacino", "spuzo", "jpartii"}
    assert expected | {"wgodfatherpart2"} <= words


def test_filter_keys_are_compact_keys_of_names() -> None:
    assert MovieDocument.from_film(film(genres=["Sci-Fi", "sci fi"])).filter_keys == {
        "is_genre": ("scifi",),
        "is_director": ("francisfordcoppola",),
        "is_writer": ("mariopuzo",),
        "is_actor": ("alpacino",),
        "is_language": ("english", "italian"),
        "is_country": ("unitedstates",),
    }


def test_votes_raise_a_score_by_a_quarter_at_most() -> None:
    assert MovieDocument.from_film(film(imdb_votes=None)).boost == 1.0
    assert 1.2 < MovieDocument.from_film(film()).boost < 1.25


def test_the_digest_depends_on_the_content_but_not_on_the_version() -> None:
    digest = MovieDocument.from_film(film()).digest()
    assert MovieDocument.from_film(film(version=4)).digest() == digest
    assert MovieDocument.from_film(film(year=1975)).digest() != digest
    for name in ("actors", "writers", "languages", "countries"):
        assert MovieDocument.from_film(film(**{name: []})).digest() != digest


def test_a_tombstone_has_no_words() -> None:
    tombstone = MovieDocument.tombstone(str(UUID(int=7)), 4)
    assert tombstone.gone
    assert tombstone.vocabulary_words() == frozenset()
    assert tombstone.digest() != MovieDocument.from_film(film()).digest()


def test_a_document_is_bounded_for_any_title_and_plot() -> None:
    terms = MovieDocument.from_film(film(title="½" * 500, plot="word " * 100_000)).terms
    assert len(terms.plot) <= 1_000
    assert len(terms.title) < 10
