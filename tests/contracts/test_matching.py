"""File names and loose descriptions over the samples: what is said to be sure is right."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from benches.names import names
from service.films.models import Film
from service.search.document import MovieDocument
from service.search.engines.tantivy import TantivyEngine
from service.search.engines.tantivy_writer import TantivyWriter
from service.search.finder import Finder
from service.search.matching import Matching
from service.search.releases import Described, read
from service.search.vocabulary import Vocabulary
from service.settings import PROJECT
from tests.contracts.shelf import row

pytestmark = pytest.mark.once

PARTS = [
    {"title": "Dune: Part Two", "year": 2024, "directors": ["Denis Villeneuve"], "votes": 500_000},
    {"title": "The Godfather: Part II", "year": 1974, "votes": 1_200_000},
    {"title": "[REC]", "year": 2007, "votes": 190_000},
]


def catalogue() -> list[dict[str, Any]]:
    lines = (PROJECT / "samples" / "films.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines] + PARTS


@pytest.fixture
async def matching(database: str, tmp_path: Path) -> AsyncIterator[Matching]:
    films = [row(number, facts) for number, facts in enumerate(catalogue())]
    await Film.bulk_create(films)
    engine, writer, vocabulary = TantivyEngine(tmp_path), TantivyWriter(tmp_path), Vocabulary()
    await writer.open()
    documents = [MovieDocument.of(film) for film in films]
    for document in documents:
        vocabulary.add(document.words())
    await writer.write(documents)
    await engine.open()
    finder = Finder(engine, vocabulary)

    async def found(text: str, limit: int) -> list[Film]:
        return [result.film for result in (await finder.find(text, limit, 0)).results]

    made = Matching(found)
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
        (Described("Jaws", 1976, "Spielberg"), "Jaws"),
        ("whatever tt0073195.mkv", "Jaws"),
        ("Holiday.Pictures.Of.Our.Dog.2019.1080p.WEB-DL.x264-GRP", None),
        ("...", None),
        ("", None),
    ],
)
async def test_a_name_gives_its_film_or_says_that_it_is_unknown(
    matching: Matching, item: str | Described, title: str | None
) -> None:
    (found,) = await matching.match([item])
    assert (found.film.title if found.film else None) == title


async def test_what_is_said_to_be_sure_is_right(matching: Matching) -> None:
    made = names(catalogue(), 150, seed=7)
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
    assert read("2001.A.Space.Odyssey.1968.720p.mkv") == Described("2001 A Space Odyssey", 1968)
    assert read("Breaking.Bad.S01E02.720p").series
    assert read("x" * 5_000).title
