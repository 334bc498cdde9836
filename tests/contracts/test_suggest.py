"""Every beginning of every sample title, as someone types it."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from statistics import median

import pytest

from service.films.models import Film
from service.search.document import MovieDocument
from service.search.engines.tantivy import TantivyEngine
from service.search.engines.tantivy_writer import TantivyWriter
from service.search.shelf import Shelf
from service.search.suggest import Suggester
from service.search.text import fold
from service.search.vocabulary import Vocabulary
from tests.contracts.shelf import row
from tests.contracts.test_matching import catalogue

pytestmark = pytest.mark.once


@pytest.fixture
async def suggester(database: str, tmp_path: Path) -> AsyncIterator[Suggester]:
    films = [row(number, facts) for number, facts in enumerate(catalogue())]
    await Film.bulk_create(films)
    engine, writer, vocabulary = TantivyEngine(tmp_path), TantivyWriter(tmp_path), Vocabulary()
    await writer.open()
    documents = [MovieDocument.of(film) for film in films]
    for document in documents:
        vocabulary.add(document.words())
    vocabulary.settle()
    await writer.write(documents)
    await engine.open()
    yield Suggester(engine, vocabulary, Shelf())
    await engine.close()
    await writer.close()


async def test_every_title_comes_first_before_it_is_typed_in_full(
    suggester: Suggester, record_property: Callable[[str, object], None]
) -> None:
    answers: dict[str, list[str]] = {}
    first_at: dict[str, int] = {}
    missed = []
    titles = sorted({facts["title"] for facts in catalogue()})
    for title in titles:
        for size in range(1, len(title) + 1):
            typed = title[:size].strip().lower()
            if typed not in answers:
                found = await suggester.suggest(typed, 5)
                texts = [s.text for s in found]
                assert len({(s.kind, fold(s.text)) for s in found}) == len(found) <= 5
                answers[typed] = [fold(text) for text in texts]
            if answers[typed][:1] == [fold(title)]:
                first_at.setdefault(title, size)
        if fold(title) not in answers[title.strip().lower()]:
            missed.append(title)
    assert missed == []
    typed_share = [first_at.get(title, len(title)) / len(title) for title in titles]
    letters = median(first_at.get(title, len(title)) for title in titles)
    never = [title for title in titles if title not in first_at]
    record_property("median letters until first", letters)
    record_property("median share of the title typed until first", median(typed_share))
    print(f"first after {letters} letters in the median; never: {never}")
    assert letters <= 8
    assert len(never) <= 3


@pytest.mark.parametrize(
    ("typed", "kind", "text"),
    [
        ("steven sp", "director", "Steven Spielberg"),
        ("spielb", "director", "Steven Spielberg"),
        ("spilber", "director", "Steven Spielberg"),
        ("godfa", "title", "The Godfather"),
        ("godfaht", "title", "The Godfather"),
    ],
)
async def test_names_and_misspelt_beginnings_are_completed(
    suggester: Suggester, typed: str, kind: str, text: str
) -> None:
    found = await suggester.suggest(typed, 5)
    assert (kind, text) in [(s.kind, s.text) for s in found]


async def test_nothing_that_fits_is_an_empty_answer(suggester: Suggester) -> None:
    assert await suggester.suggest("(", 5) == ()
    assert await suggester.suggest("qqqqxxxx", 5) == ()
