"""File names and loose descriptions over the samples: what is said to be sure is right."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from service.films.models import Film
from service.resources import resource_path
from service.search.engines.tantivy.reader import TantivyEngine
from service.search.engines.tantivy.writer import TantivyWriter
from service.search.filenames.matcher import FilenameMatcher, score_films
from service.search.filenames.parser import ParsedName, parse_name
from service.search.index.document import MovieDocument
from service.search.retrieval.engine_search import EngineSearch
from service.search.retrieval.search_request import Page, SearchRequest
from service.search.vocabulary.vocabulary import Vocabulary
from tests.support.release_names import generate_names
from tests.support.sample_catalogue import build_film

pytestmark = pytest.mark.once

PARTS = [
    {"title": "Dune: Part Two", "year": 2024, "directors": ["Denis Villeneuve"], "votes": 500_000},
    {"title": "The Godfather: Part II", "year": 1974, "votes": 1_200_000},
    {"title": "[REC]", "year": 2007, "votes": 190_000},
]


def catalogue() -> list[dict[str, Any]]:
    lines = resource_path("samples/films.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines] + PARTS


@pytest.fixture
async def matching(database: str, tmp_path: Path) -> AsyncIterator[FilenameMatcher]:
    films = [build_film(number, facts) for number, facts in enumerate(catalogue())]
    await Film.bulk_create(films)
    engine, writer, vocabulary = TantivyEngine(tmp_path), TantivyWriter(tmp_path), Vocabulary()
    await writer.open()
    documents = [MovieDocument.from_film(film) for film in films]
    for document in documents:
        vocabulary.add(document.vocabulary_words())
    await writer.write(documents)
    await engine.open()
    finder = EngineSearch(engine, vocabulary)

    async def found(text: str, limit: int) -> list[Film]:
        return [
            result.film
            for result in (await finder.search(SearchRequest(text, page=Page(limit)))).hits
        ]

    made = FilenameMatcher(found)
    yield made
    made.close()
    await engine.close()
    await writer.close()


@pytest.mark.parametrize(
    ("item", "title"),
    [
        ("Dune.Part.Two.2024.2160p.WEB-DL.x265-GRP", "Dune: Part Two"),
        ("The.Godfather.II.(1974)", "The Godfather: Part II"),
        ("/films/The Godfather (1972)/The.Godfather.1972.mkv", "The Godfather"),
        ("[REC].2007.1080p.BluRay", "[REC]"),
        ("jaws 1975", "Jaws"),
        (ParsedName("Jaws", 1976, "Spielberg"), "Jaws"),
        ("whatever tt0073195.mkv", "Jaws"),
        ("Holiday.Pictures.Of.Our.Dog.2019.1080p.WEB-DL.x264-GRP", None),
        ("...", None),
        ("", None),
    ],
)
async def test_a_name_gives_its_film_or_says_that_it_is_unknown(
    matching: FilenameMatcher, item: str | ParsedName, title: str | None
) -> None:
    (found,) = await matching.match([item])
    assert (found.film.title if found.film else None) == title


async def test_what_is_said_to_be_sure_is_right(matching: FilenameMatcher) -> None:
    made = generate_names(catalogue(), 150, seed=7)
    found = await matching.match([each.item for each in made])
    sure = [
        (f.candidates[0].film.id.int in each.right, each.item)
        for f, each in zip(found, made, strict=True)
        if f.candidates and f.candidates[0].confidence >= 0.9
    ]
    wrong = [item for right, item in sure if not right]
    assert len(wrong) <= 0.03 * len(sure), wrong
    known = sum(bool(each.right) for each in made)
    meant = sum(
        f.film is not None and f.film.id.int in each.right
        for f, each in zip(found, made, strict=True)
    )
    assert len(sure) >= 0.75 * known
    assert meant >= 0.95 * known


def test_a_name_is_read_without_knowing_any_film() -> None:
    assert parse_name("2001.A.Space.Odyssey.1968.720p.mkv") == ParsedName(
        "2001 A Space Odyssey", 1968
    )
    assert parse_name("Breaking.Bad.S01E02.720p").is_episode
    assert parse_name("x" * 5_000).title


def sureness(described: ParsedName, **facts: Any) -> float:
    """How sure it is that `described` is Jaws, of which `facts` are known otherwise."""
    known = {"title": "Jaws", "year": 1975, "directors": ["Steven Spielberg"], **facts}
    film = build_film(1, known)
    film.end_year, film.runtime_minutes = known.get("end_year"), known.get("runtime_minutes")
    (judged,) = score_films(described, [film])
    return judged.confidence


def test_what_else_is_said_of_a_film_makes_it_surer_or_less_sure() -> None:
    plain = sureness(ParsedName("Jaws"))
    assert sureness(ParsedName("Jaws", director="Spielberg")) > plain
    assert sureness(ParsedName("Jaws", director="Steven Spielburg")) > plain
    other = sureness(ParsedName("Jaws", director="Agnès Varda"))
    assert plain > sureness(ParsedName("Jaws", director="Stephen Spielburg")) > other
    assert other < 0.5 * plain
    assert sureness(ParsedName("Jaws", director="Anyone"), directors=[]) == plain
    assert sureness(ParsedName("Jaws", runtime=124), runtime_minutes=125) > plain
    assert sureness(ParsedName("Jaws", runtime=110), runtime_minutes=124) == plain
    assert sureness(ParsedName("Jaws", runtime=22), runtime_minutes=124) < 0.6 * plain
    assert sureness(ParsedName("Jaws", is_episode=True)) < plain
    assert sureness(ParsedName("Jaws", 1976)) < sureness(ParsedName("Jaws", 1975))
    assert sureness(ParsedName("Jaws", 1987)) < sureness(ParsedName("Jaws", 1977)) < plain
    assert sureness(ParsedName("Jaws", 1980), end_year=1983) == sureness(ParsedName("Jaws", 1975))


def test_a_name_that_the_library_cannot_read_is_read_by_its_year(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError("a fault of its own")

    monkeypatch.setattr("service.search.filenames.parser._guess", breaks)
    assert parse_name("Jaws_(1975).1080p.mkv") == ParsedName("Jaws", 1975)
    assert parse_name("Blade.Runner.2049.2017.mkv").year == 2017
