"""Matching of file names and loose descriptions: a high confidence is right."""

import json
import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from service.films.models import Film
from service.resources import resource_path
from service.search.engines.tantivy.reader import TantivyEngine
from service.search.engines.tantivy.writer import TantivyWriter
from service.search.filenames.confidence import score_films
from service.search.filenames.matcher import MIN_MATCH_CONFIDENCE, FilenameMatcher
from service.search.filenames.parser import ParsedName, parse_name
from service.search.index.document import MovieDocument
from service.search.retrieval.engine_search import EngineSearch
from service.search.vocabulary.vocabulary import Vocabulary
from tests.support.filename_matching import create_patient_matcher
from tests.support.release_names import generate_names
from tests.support.sample_catalogue import build_film

pytestmark = pytest.mark.once

ADDITIONAL_FILMS = [
    {"title": "Dune: Part Two", "year": 2024, "directors": ["Denis Villeneuve"], "votes": 500_000},
    {"title": "The Godfather: Part II", "year": 1974, "votes": 1_200_000},
    {"title": "[REC]", "year": 2007, "votes": 190_000},
    {"title": "12 Angry Men", "year": 1957, "votes": 900_000},
    {"title": "1917", "year": 2019, "votes": 700_000},
    {"title": "Apollo 13", "year": 1995, "votes": 320_000},
    {"title": "Hey Ram", "year": 2000, "votes": 15_000},
    {"title": "Wonder Woman", "year": 2017, "votes": 700_000},
    {"title": "Wonder Woman 1984", "year": 2020, "votes": 300_000},
    {"title": "The 40-Year-Old Virgin", "year": 2005, "votes": 480_000},
    {"title": "The Guardsman", "year": 1931, "directors": ["Sidney Franklin"]},
    {"title": "The Mummy", "year": 2017, "directors": ["Alex Kurtzman"], "votes": 200_000},
    {"title": "[REC] 2", "year": 2009, "votes": 80_000},
    {"title": "Predator", "year": 1987, "votes": 460_000},
    {"title": "Thirteen Days", "year": 2000, "votes": 61_000},
    {"title": "Effie Gray", "year": 2014, "votes": 7_000},
]


def catalogue() -> list[dict[str, Any]]:
    lines = resource_path("samples/films.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines] + ADDITIONAL_FILMS


@pytest.fixture
async def matcher(database: str, tmp_path: Path) -> AsyncIterator[FilenameMatcher]:
    films = [build_film(number, facts) for number, facts in enumerate(catalogue())]
    await Film.bulk_create(films)
    engine, writer, vocabulary = TantivyEngine(tmp_path), TantivyWriter(tmp_path), Vocabulary()
    await writer.open()
    documents = [MovieDocument.from_film(film) for film in films]
    for document in documents:
        vocabulary.add(document.vocabulary_words())
    await writer.write(documents)
    await engine.open()
    matcher = create_patient_matcher(EngineSearch(engine, vocabulary).search)
    yield matcher
    await matcher.close()
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
        ("12 Angry Men.mkv", "12 Angry Men"),
        ("12.Angry.Men.1957.1080p.BluRay.x264-GRP.mkv", "12 Angry Men"),
        ("1917.mkv", "1917"),
        ("Apollo 13.mkv", "Apollo 13"),
        ("Hey.Ram.2000.720p.BluRay.x264-GRP", "Hey Ram"),
        ("Wonder Woman 1984.mkv", "Wonder Woman 1984"),
        ("Wonder.Woman.2017.1080p.mp4", "Wonder Woman"),
        ("The 40-Year-Old Virgin.AVI", "The 40-Year-Old Virgin"),
        ("Thhe Guardsman (1931)", "The Guardsman"),
        ("The Guardsman 2", None),
        ("The Guardsman 2 (1932)", None),
        (ParsedName("The Guardsman 2", 1932, "Sidney Franklin"), None),
        ("Мумия / The Mummy (Алекс Куртцман / Alex Kurtzman) [2017, США]", "The Mummy"),
        ("[Rec] 2 (2009).mkv", "[REC] 2"),
        ("Predator.1987.Ultimate.Hunter.Edition.mkv", "Predator"),
        ("13_Days.mkv", "Thirteen Days"),
        ("films/Predator (1987)/movie.mkv", "Predator"),
        ("Predator (1987)/VIDEO_TS/VTS_01_1.VOB", "Predator"),
        ("Predator (1987)/CD2/cd2.avi", "Predator"),
        ("Thirteen Days/BDMV/STREAM/00003.m2ts", "Thirteen Days"),
        ("Thirteen Days/title_t02.mkv", "Thirteen Days"),
        ("1917 (2019)/1917.mkv", "1917"),
        ("Хищник / Predator (Джон Мактирнан) [1987, США, BDRip]", "Predator"),
        ("Predator.1987.35th.Anniversary.Steelbook.Edition.2160p.mkv", "Predator"),
        ("[ www.Some-Site.org ] - Predator.1987.720p.mkv", "Predator"),
        ("somesite.to_Predator.1987.720p.mkv", "Predator"),
        ("SomeSite.net    -    Effie Gray 2014 1080p.mkv", "Effie Gray"),
        ("@films_daily Effie Gray 2014.mkv", "Effie Gray"),
        ("Predator (1987) [somesite.am].mkv", "Predator"),
        ("[REC]² (2009) 720p.mkv", "[REC] 2"),
        ("The Godfather Trilogy (1972-1990) 1080p", None),
        ("The Godfather 1-3 [1972-1990]", None),
        ("The Godfather Part I-II 1080p", None),
        ("Predator 1987-2018 Box Set", None),
        ("Wonder Woman 1 & 2 (2017-2020)", None),
        ("Predator Anthology", None),
        ("Der_Padre_und_Léon_1994.mkv", None),
        ("Backup of laptop 2014.zip", None),
        ("Dusk.of.the.Comet.of.the.Geese.2014.1080p.BluRay.x264-GRP", None),
        ("...", None),
        ("", None),
    ],
)
async def test_a_name_gives_its_film_or_none(
    matcher: FilenameMatcher, item: str | ParsedName, title: str | None
) -> None:
    (result,) = await matcher.match([item])
    assert (result.film.title if result.film else None) == title


@pytest.mark.parametrize("name", ["Amélie (2001).mkv", "El laberinto del fauno 2006.avi"])
async def test_a_name_composed_or_decomposed_gives_the_same_answer(
    matcher: FilenameMatcher, name: str
) -> None:
    composed, decomposed = await matcher.match(
        [unicodedata.normalize(form, name) for form in ("NFC", "NFD")]
    )
    assert composed == decomposed
    assert composed.film is not None


async def test_a_match_with_high_confidence_is_right(matcher: FilenameMatcher) -> None:
    names = generate_names(catalogue(), 150, seed=7)
    results = await matcher.match([name.item for name in names])
    confident = [
        (result.candidates[0].film.id.int in name.right, name.item)
        for result, name in zip(results, names, strict=True)
        if result.candidates and result.candidates[0].confidence >= 0.9
    ]
    wrong = [item for is_right, item in confident if not is_right]
    assert len(wrong) <= 0.03 * len(confident), wrong
    in_catalogue = sum(bool(name.right) for name in names)
    matched = sum(
        result.film is not None and result.film.id.int in name.right
        for result, name in zip(results, names, strict=True)
    )
    assert len(confident) >= 0.75 * in_catalogue
    assert matched >= 0.95 * in_catalogue


def test_a_name_is_parsed_without_knowledge_of_any_film() -> None:
    assert parse_name("2001.A.Space.Odyssey.1968.720p.mkv") == ParsedName(
        "2001 A Space Odyssey", 1968
    )
    assert parse_name("Breaking.Bad.S01E02.720p").is_episode
    assert parse_name("x" * 5_000).title


def confidence(parsed: ParsedName, **facts: Any) -> float:
    """Return the confidence that `parsed` is Jaws, with some `facts` of the film changed."""
    columns = {"title": "Jaws", "year": 1975, "directors": ["Steven Spielberg"], **facts}
    film = build_film(1, columns)
    film.end_year, film.runtime_minutes = columns.get("end_year"), columns.get("runtime_minutes")
    (scored_film,) = score_films(parsed, [film])
    return scored_film.confidence


def test_a_year_a_director_and_a_runtime_alone_are_no_match() -> None:
    facts = ParsedName("The Sugarland Express", 1975, "Steven Spielberg", 124)
    assert confidence(facts, runtime_minutes=124) < MIN_MATCH_CONFIDENCE


@pytest.mark.parametrize(
    ("stated", "title"),
    [("Jaws 2", "Jaws"), ("Jaws", "Jaws 2"), ("Jaws II", "Jaws III"), ("Jaws 3", "Jaws: Part 2")],
)
def test_a_title_with_another_number_is_another_film(stated: str, title: str) -> None:
    assert confidence(ParsedName(stated, 1975), title=title) < MIN_MATCH_CONFIDENCE


@pytest.mark.parametrize(
    ("stated", "title"),
    [("Jaws Part 1", "Jaws"), ("Jaws", "Jaws: Part One"), ("Jaws 2", "Jaws II")],
)
def test_the_same_number_in_another_form_is_the_same_film(stated: str, title: str) -> None:
    assert confidence(ParsedName(stated, 1975), title=title) >= 0.9


def test_other_facts_raise_or_lower_the_confidence() -> None:
    plain = confidence(ParsedName("Jaws"))
    assert confidence(ParsedName("Jaws", director="Spielberg")) > plain
    assert confidence(ParsedName("Jaws", director="Steven Spielburg")) > plain
    other = confidence(ParsedName("Jaws", director="Agnès Varda"))
    assert plain > confidence(ParsedName("Jaws", director="Stephen Spielburg")) > other
    assert other < 0.5 * plain
    assert confidence(ParsedName("Jaws", director="Anyone"), directors=[]) == plain
    assert confidence(ParsedName("Jaws", runtime=124), runtime_minutes=125) > plain
    assert confidence(ParsedName("Jaws", runtime=110), runtime_minutes=124) == plain
    assert confidence(ParsedName("Jaws", runtime=22), runtime_minutes=124) < 0.6 * plain
    assert confidence(ParsedName("Jaws", is_episode=True)) < plain
    assert confidence(ParsedName("Jaws", 1976)) < confidence(ParsedName("Jaws", 1975))
    assert confidence(ParsedName("Jaws", 1987)) < confidence(ParsedName("Jaws", 1977)) < plain
    assert confidence(ParsedName("Jaws", 1980), end_year=1983) == confidence(
        ParsedName("Jaws", 1975)
    )


def test_a_name_that_guessit_cannot_parse_is_parsed_by_its_year(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a fault of its own")

    monkeypatch.setattr("service.search.filenames.parser._guess", fail)
    assert parse_name("Jaws_(1975).1080p.mkv") == ParsedName("Jaws", 1975)
    assert parse_name("Blade.Runner.2049.2017.mkv").year == 2017
