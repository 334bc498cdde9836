"""Every beginning of every sample title, as someone types it."""

from collections.abc import Callable
from statistics import median

import pytest

from service.films.models import Film
from service.search.retrieval.autocomplete import Autocomplete
from service.search.retrieval.film_cache import FilmCache as Prepared
from service.text.analysis import fold
from tests.support.sample_catalogue import Shelf


@pytest.fixture
def suggester(shelf: Shelf) -> Autocomplete:
    return Autocomplete(shelf.engine, shelf.vocabulary, Prepared())


async def folded(suggester: Autocomplete, typed: str) -> list[str]:
    """The five suggestions as they are compared, each of them once."""
    found = await suggester.suggest(typed, 5)
    assert len({(s.kind, fold(s.text)) for s in found}) == len(found) <= 5
    return [fold(s.text) for s in found]


async def test_every_title_comes_first_before_it_is_typed_in_full(
    suggester: Autocomplete, films: list[Film], record_property: Callable[[str, object], None]
) -> None:
    answers: dict[str, list[str]] = {}
    first_at: dict[str, int] = {}
    missed = []
    titles = sorted({film.title for film in films})
    for title in titles:
        for size in range(1, len(title) + 1):
            typed = title[:size].strip().lower()
            if not typed:
                continue
            if typed not in answers:
                answers[typed] = await folded(suggester, typed)
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


async def test_a_title_that_is_all_there_is_not_lost_again(
    suggester: Autocomplete, films: list[Film]
) -> None:
    lost = []
    for film in films:
        forms = [film.title + " ", film.title.upper()]
        if any(c.isalnum() for c in film.title):  # signs beside other words are no words
            forms.append(f"{film.title} {film.year}")
        for typed in forms:
            if fold(film.title) not in await folded(suggester, typed):
                lost.append(typed)
    assert lost == []


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
    suggester: Autocomplete, typed: str, kind: str, text: str
) -> None:
    found = await suggester.suggest(typed, 5)
    assert (kind, text) in [(s.kind, s.text) for s in found]


async def test_nothing_that_fits_is_an_empty_answer(suggester: Autocomplete) -> None:
    assert await suggester.suggest("(", 5) == ()
    assert await suggester.suggest("qqqqxxxx", 5) == ()
