"""Completion of every prefix of every sample title, as if somebody typed it."""

from collections.abc import Callable
from statistics import median

import pytest

from service.films.models import Film
from service.search.retrieval.autocomplete import Autocomplete
from service.search.retrieval.film_cache import FilmCache
from service.text.analysis import fold, tokenize
from service.text.titles import full_title_keys
from tests.support.sample_catalogue import SampleIndex


@pytest.fixture
def autocomplete(sample_index: SampleIndex) -> Autocomplete:
    index = sample_index.index
    return Autocomplete(index.engine, index.vocabulary, FilmCache())


async def suggest_folded(autocomplete: Autocomplete, text: str) -> list[str]:
    """Return the folded suggestions; at most five, and none twice."""
    suggestions = await autocomplete.suggest(text, 5)
    assert len({(s.kind, fold(s.text)) for s in suggestions}) == len(suggestions) <= 5
    return [fold(suggestion.text) for suggestion in suggestions]


async def test_every_title_comes_first_before_it_is_typed_in_full(
    autocomplete: Autocomplete, films: list[Film], record_property: Callable[[str, object], None]
) -> None:
    suggestions: dict[str, list[str]] = {}
    letters_until_first: dict[str, int] = {}
    missed = []

    async def suggest_once(prefix: str) -> list[str]:
        if prefix not in suggestions:
            suggestions[prefix] = await suggest_folded(autocomplete, prefix)
        return suggestions[prefix]

    titles = sorted({film.title for film in films})
    for title in titles:
        for length in range(1, len(title) + 1):
            prefix = title[:length].strip().lower()
            if prefix and (await suggest_once(prefix))[:1] == [fold(title)]:
                letters_until_first[title] = length
                break
        if fold(title) not in await suggest_once(title.strip().lower()):
            missed.append(title)
    assert missed == []
    typed_shares = [letters_until_first.get(title, len(title)) / len(title) for title in titles]
    letters = median(letters_until_first.get(title, len(title)) for title in titles)
    never = [title for title in titles if title not in letters_until_first]
    record_property("median letters until first", letters)
    record_property("median share of the title typed until first", median(typed_shares))
    print(f"first after {letters} letters in the median; never: {never}")
    assert letters <= 8
    assert len(never) <= 3


async def test_a_title_typed_in_full_stays_among_the_suggestions(
    autocomplete: Autocomplete, films: list[Film]
) -> None:
    lost = []
    for film in films:
        texts = [film.title + " ", film.title.upper()]
        if any(c.isalnum() for c in film.title):  # signs beside words are dropped from a query
            texts.append(f"{film.title} {film.year}")
        for text in texts:
            if fold(film.title) not in await suggest_folded(autocomplete, text):
                lost.append(text)
    assert lost == []


@pytest.mark.parametrize(
    ("prefix", "kind", "text"),
    [
        ("steven sp", "director", "Steven Spielberg"),
        ("spielb", "director", "Steven Spielberg"),
        ("spilber", "director", "Steven Spielberg"),
        ("godfa", "title", "The Godfather"),
        ("godfaht", "title", "The Godfather"),
    ],
)
async def test_names_and_misspelt_prefixes_are_completed(
    autocomplete: Autocomplete, prefix: str, kind: str, text: str
) -> None:
    suggestions = await autocomplete.suggest(prefix, 5)
    assert (kind, text) in [(s.kind, s.text) for s in suggestions]


async def test_a_text_that_nothing_matches_gets_no_suggestions(autocomplete: Autocomplete) -> None:
    assert await autocomplete.suggest("(", 5) == ()
    assert await autocomplete.suggest("qqqqxxxx", 5) == ()


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("x", "X-Men"),
        ("x m", "X-Men"),
        ("v", "V for Vendetta"),
        ("l.a", "L.A. Confidential"),
        ("l.a.", "L.A. Confidential"),
        ("a.i", "A.I. Artificial Intelligence"),
        ("A*I*", "A.I. Artificial Intelligence"),
    ],
)
async def test_a_letter_or_an_acronym_that_is_being_typed_begins_the_first_title(
    autocomplete: Autocomplete, typed: str, title: str
) -> None:
    first = (await autocomplete.suggest(typed, 5))[0]
    assert fold(first.text).startswith(fold(title))


@pytest.mark.parametrize("typed", ["the s", "star", "al", "in", "two", "die", "men i"])
async def test_titles_that_begin_as_typed_come_before_those_that_do_not(
    autocomplete: Autocomplete, typed: str
) -> None:
    key = fold(typed).replace(" ", "")
    begins = [
        any(form.startswith(key) for form in full_title_keys(tokenize(suggestion.text)))
        for suggestion in await autocomplete.suggest(typed, 5)
        if suggestion.kind == "title"
    ]
    assert begins and begins == sorted(begins, reverse=True)


@pytest.mark.parametrize("typed", ["tt0073195", "imdb:tt0073195", '("tt0073195",)'])
async def test_an_imdb_id_in_anything_is_completed_to_its_title(
    autocomplete: Autocomplete, typed: str
) -> None:
    (suggestion,) = await autocomplete.suggest(typed, 5)
    assert (suggestion.kind, suggestion.text, suggestion.year) == ("title", "Jaws", 1975)
    assert await autocomplete.suggest("tt9999998", 5) == ()
