"""The films of the search tests: the sample films, and films with titles that are hard to find."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from service.films.models import Film
from service.films.search_text import build_search_texts
from service.resources import resource_path
from service.search.index.document import MovieDocument
from service.search.retrieval.cursors import Cursor
from service.search.retrieval.engine_search import EngineSearch
from service.search.retrieval.search_request import Page, SearchRequest, SearchResult
from service.text.analysis import full_title_key
from tests.support.index_harness import IndexHarness

TRICKY_FILMS: list[dict[str, Any]] = [
    {"title": "It", "year": 2017, "votes": 500_000},
    {"title": "It Follows", "year": 2014, "votes": 250_000},
    {"title": "M", "year": 1931, "votes": 160_000, "languages": ["German"]},
    {"title": "Ma", "year": 2019, "votes": 50_000},
    {"title": "9", "year": 2009, "votes": 140_000},
    {"title": "24", "year": 2016, "votes": 15_000},
    {"title": "1917", "year": 2019, "votes": 600_000},
    {
        "title": "8½",
        "year": 1963,
        "votes": 120_000,
        "genres": ["Drama"],
        "languages": ["Italian", "French"],
        "countries": ["Italy", "France"],
    },
    {
        "title": "[REC]",
        "year": 2007,
        "votes": 190_000,
        "genres": ["Horror"],
        "languages": ["Spanish"],
        "countries": ["Spain"],
    },
    {
        "title": "[REC]²",
        "year": 2009,
        "votes": 75_000,
        "genres": ["Horror"],
        "languages": ["Spanish", "Catalan"],
        "countries": ["Spain", "United States"],
    },
    {"title": "M*A*S*H", "year": 1970, "votes": 75_000},
    {"title": "(500) Days of Summer", "year": 2009, "votes": 500_000},
    {"title": "Star Wars", "year": 1977, "votes": 1_300_000, "directors": ["George Lucas"]},
    {
        "title": "Rocky II",
        "year": 1979,
        "votes": 200_000,
        "genres": ["Drama"],
        "languages": ["English"],
        "countries": ["United States"],
    },
    {"title": "Rocky III", "year": 1982, "votes": 180_000},
    {"title": "Charlie's Angels", "year": 2000, "votes": 190_000},
    {"title": "The Fast and the Furious", "year": 2001, "votes": 390_000},
    {"title": "Dune", "year": 1984, "votes": 170_000, "directors": ["David Lynch"]},
    {"title": "Dune", "year": 2021, "votes": 160_000, "directors": ["Denis Villeneuve"]},
    {"title": "Blade Runner 2049", "year": 2017, "votes": 600_000},
    {"title": "Romeo + Juliet", "year": 1996, "votes": 240_000},
    {"title": "+1", "year": 2013, "votes": 20_000},
    {"title": "$", "year": 1971, "votes": 3_000},
    {"title": "千と千尋の神隠し", "year": 2001, "votes": 700_000, "aliases": ["Sen to Chihiro"]},
    {"title": "Сталкер", "year": 1979, "votes": 130_000, "aliases": ["Stalker"]},
    {"title": "The Godfather: Part II", "year": 1974, "votes": 1_200_000},
    {
        "title": "Nothing Else",
        "year": 2003,
        "writers": ["Astrid Lindgren", "Ruth Prawer Jhabvala"],
        "actors": ["Toshirō Mifune", "Ingrid Thulin"],
        "languages": ["Swedish", "Japanese"],
        "countries": ["Sweden"],
        "plot": "A lighthouse keeper counts albatrosses.",
    },
]


def to_import_record(facts: dict[str, Any]) -> dict[str, Any]:
    """Return a tricky film as a line of an import file."""
    ratings = {"imdb": {"value": None, "votes": facts.get("votes")}}
    record = {name: value for name, value in facts.items() if name != "votes"}
    return record | {"type": "movie", "ratings": ratings}


def load_sample_films() -> list[dict[str, Any]]:
    lines = resource_path("samples/films.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


@dataclass
class SampleIndex:
    """An index of the sample films, and the search over it."""

    index: IndexHarness
    engine_search: EngineSearch

    async def add_films(self, films: list[Film]) -> None:
        await self.index.write(*map(MovieDocument.from_film, films))

    async def search(
        self,
        text: str | None = None,
        limit: int = 5,
        offset: int = 0,
        cursor: Cursor | None = None,
        **options: Any,
    ) -> SearchResult:
        """Search with `options` as in `SearchRequest`."""
        page = Page(limit, offset, cursor)
        return await self.engine_search.search(SearchRequest(text, page=page, **options))

    async def titles(self, text: str, limit: int = 5, **options: Any) -> list[str]:
        result = await self.search(text, limit, **options)
        return [hit.film.title for hit in result.hits]

    async def first_title(self, text: str, **options: Any) -> str | None:
        titles = await self.titles(text, 1, **options)
        return titles[0] if titles else None


def build_film(number: int, facts: dict[str, Any]) -> Film:
    """Return the row of a film whose id is `number`."""
    rating = (facts.get("ratings") or {}).get("imdb") or {}
    now = datetime(2026, 1, 1, tzinfo=UTC)
    names = ("aliases", "directors", "writers", "actors", "genres", "languages", "countries")
    lists: dict[str, list[str]] = {name: facts.get(name, []) for name in names}
    return Film(
        id=UUID(int=number),
        **build_search_texts(title=facts["title"], **lists),
        **lists,
        imdb_id=facts.get("imdb_id"),
        title=facts["title"],
        whole_title=full_title_key(facts["title"]),
        year=facts["year"],
        plot=facts.get("plot"),
        imdb_rating=rating.get("value"),
        imdb_votes=facts.get("votes", rating.get("votes")),
        created_at=now,
        updated_at=now,
    )
